// SPDX-License-Identifier: MIT
#ifndef CALIX_JSON_H
#define CALIX_JSON_H

/* The one spelling of a JSON object: sorted keys, no spaces. `out` is freed by free(); `what` names
 * the text in messages; NULL text is "{}". */
int calix__json_canonical(char **out, const char *text, const char *what);

#endif
