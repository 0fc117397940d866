# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2034 # the lists are for those who source this
# The Debian packages that the project needs, and one way to get them. Sourced by quickstart and test.

# to build the libraries, the tools and the examples
BUILD_PACKAGES="gcc libc6-dev cmake ninja-build pkg-config python3 fonts-dejavu-core
libcairo2-dev libelf-dev libjansson-dev libprotobuf-c-dev librandom123-dev libsqlite3-dev libzstd-dev
nettle-dev protobuf-c-compiler uthash-dev zlib1g-dev"
# to build and run the tests as well
TEST_PACKAGES="g++ libcmocka-dev doxygen"

# Print those of the packages "$@" that are not installed.
missing_packages()
{
	for package in "$@"; do
		state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || state=
		[ "$state" = installed ] || printf '%s ' "$package"
	done
}

# Install those of the packages "$@" that are missing; who may not do that is told their names.
need_packages()
{
	if ! command -v dpkg-query >/dev/null; then
		echo "This is no Debian: make sure that there is what these packages hold: $*" >&2
		return 0
	fi
	missing=$(missing_packages "$@")
	[ -n "$missing" ] || return 0
	if [ "$(id -u)" != 0 ]; then
		echo "Some packages are missing. Please install them, as root, by" >&2
		echo "    apt-get install --no-install-recommends ${missing% }" >&2
		return 1
	fi
	echo "Installing ${missing% } ..."
	log=$(mktemp)
	# shellcheck disable=SC2086 # a list of words
	if ! { apt-get update && DEBIAN_FRONTEND=noninteractive \
		apt-get install -y --no-install-recommends $missing; } >"$log" 2>&1; then
		tail -n 20 "$log" >&2
		rm -f "$log"
		echo "The packages could not be installed: ${missing% }" >&2
		return 1
	fi
	rm -f "$log"
}
