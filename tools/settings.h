// SPDX-License-Identifier: MIT
#ifndef SETTINGS_H
#define SETTINGS_H
/* The environment variables that the programs and libraries read: name, what holds without it, what
 * it is for. The one list of them: `bss info`, `bss help settings` and the test of the sources. */

#define BSS_SETTINGS(X)                                                                            \
	X("HXCOMM_CONNECTION", "emulator:", "address of the chip where a program is given none")   \
	X("HXCOMM_ENABLE_ZERO_MOCK", "", "1: 'mock:' where HXCOMM_CONNECTION is not set")          \
	X("SLURM_FPGA_IPS", "", "IPv4 addresses of FPGAs where neither of the two is set")         \
	X("HXCOMM_PROVIDER_PATH", "", "folders with modules of providers, separated by colons")    \
	X("BSS_STORE", "", "file of the calibration store")                                        \
	X("XDG_DATA_HOME", "~/.local/share", "where bss/calibration.sqlite is without BSS_STORE")  \
	X("HOME", "", "home folder, where XDG_DATA_HOME is not set")                               \
	X("USER", "", "name that a calibration is signed with")

#endif
