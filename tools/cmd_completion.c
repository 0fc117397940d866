// SPDX-License-Identifier: MIT
/* `bss completion bash`: the completion for the shell, out of the tables of commands and options. */
#include "bss.h"

#include <stdio.h>
#include <string.h>

static void print_own_options(const struct argp *argp)
{
	for (const struct argp_option *o = argp->options; o && (o->name || o->key || o->doc); o++)
		if (o->name)
			printf(" --%s", o->name);
}

static void print_options(const struct argp *argp)
{
	fputs("--help --usage", stdout);
	if (!argp)
		return;
	print_own_options(argp);
	for (const struct argp_child *child = argp->children; child && child->argp; child++)
		print_own_options(child->argp);
}

static void print_bash(void)
{
	puts("# Completion of bss for bash; made by `bss completion bash`.\n"
	     "_bss()\n"
	     "{\n"
	     "\tlocal word=${COMP_WORDS[COMP_CWORD]} command= i words= options=\n"
	     "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	     "\t\t[[ ${COMP_WORDS[i]} == -* ]] || { command=${COMP_WORDS[i]}; break; }\n"
	     "\tdone\n"
	     "\tcase $command in");
	fputs("\t'') options='--version ", stdout);
	print_options(&bss_argp);
	fputs("' words='", stdout);
	for (size_t i = 0; i < bss_command_count; i++)
		printf("%s%s", i ? " " : "", bss_commands[i].name);
	puts("' ;;");
	for (size_t i = 0; i < bss_command_count; i++) {
		printf("\t%s) options='", bss_commands[i].name);
		print_options(bss_commands[i].argp);
		printf("' words='%s' ;;\n", bss_commands[i].words);
	}
	puts("\tesac\n"
	     "\tif [[ $word == -* ]]; then\n"
	     "\t\tCOMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n"
	     "\telse\n"
	     "\t\tCOMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
	     "\tfi\n"
	     "}\n"
	     "complete -o default -F _bss bss");
}

int cmd_completion(int argc, char **argv)
{
	static const char usage[] = "Usage: bss completion bash\n\n"
	                            "Print the completion for bash. To have it in this shell:\n"
	                            "    source <(bss completion bash)\n";
	if (argc == 2 && !strcmp(argv[1], "--help")) {
		fputs(usage, stdout);
		return BSS_OK;
	}
	if (argc != 2 || strcmp(argv[1], "bash")) {
		fprintf(stderr, "bss: completion is there for bash only: write `bss completion bash`\n");
		return BSS_USAGE;
	}
	print_bash();
	return BSS_OK;
}
