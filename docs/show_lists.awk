# SPDX-License-Identifier: MIT
# Filter for Doxygen, which does not see through lists of the kind
#     #define LIST(X) X(NAME, ..., "meaning") X(...)
# An enum that is made of such a list by LIST(..._ENUM) shows its members and their meaning, and
# macros that a header undefines again are left out, as they are local to it. The line numbers stay
# as they are.
{ line[NR] = $0 }
$1 == "#undef" { is_local[$2] = 1 }

# Remember a row of a list as a member with its meaning, the last string of the row.
function add_row(row, name, meaning)
{
	name = row
	sub(/^[ \t]*X\(/, "", name)
	sub(/,.*/, "", name)
	meaning = row
	sub(/"[^"]*$/, "", meaning)
	sub(/.*"/, "", meaning)
	members[list] = members[list] name ", /**< " meaning " */ "
}

END {
	for (i = 1; i <= NR; i++) {
		name = ""
		if (match(line[i], /^#define [A-Za-z0-9_]+/))
			name = substr(line[i], 9, RLENGTH - 8)
		if (line[i] ~ /^#define [A-Z_]+\(X\)/)
			list = name
		if (line[i] ~ /^[ \t]+X\(/)
			add_row(line[i])
		while (name in is_local && line[i] ~ /\\$/) {
			print ""
			i++
		}
		if (name in is_local || line[i] ~ /^#undef/)
			print ""
		else if (match(line[i], /^[ \t]+[A-Z_]+\([A-Z_]+_ENUM\)/)) {
			name = line[i]
			gsub(/[ \t]+|\(.*/, "", name)
			print members[name]
		} else
			print line[i]
	}
}
