// SPDX-License-Identifier: MIT
/* The emulated machine as a provider of hxcomm: `emulator:?serial=1&seed=1&noise=1&variation=1`,
 * and what is broken on purpose. */
#include "kernel.h"
#include "machine.h"

#include <hxcomm/connection.h>
#include <hxcomm/error.h>
#include <hxcomm/provider.h>
#include <hxcomm/uri.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SERIAL_MAX = 999, CELSIUS_MIN = 10, CELSIUS_MAX = 80, WORDS_A_CHECK = 4096 };

/* Every key that this provider reads; docs/guide/providers.md explains them. */
static int check_keys(const struct hxcomm_uri *uri)
{
	enum { KEYS_MAX = 32 };
	static const char *const own[] = { "serial", "seed", "noise", "variation", "quirks",
		"threads", "jumps", "kernel", "temperature", "vector_generators" };
	enum { OWN = sizeof(own) / sizeof(*own) };
	const char *known[KEYS_MAX];
	unsigned count;
	const char *const *faults = emulator__faults_keys(&count);
	for (unsigned i = 0; i < OWN; i++)
		known[i] = own[i];
	for (unsigned i = 0; i < count && OWN + i < KEYS_MAX; i++)
		known[OWN + i] = faults[i];
	return hxcomm_uri_check_keys(uri, known, OWN + count);
}

/* The instruction set of the kernels, for those who doubt that all give the same. */
static int read_kernel(unsigned *out, const struct hxcomm_uri *uri)
{
	static const char *const names[] = { "portable", "avx2", "avx512" };
	const char *name = hxcomm_uri_find(uri, "kernel");
	const struct kernel *all[3];
	const unsigned count = emulator__kernel_list(all);
	*out = 0;
	if (!name)
		return HXCOMM_OK;
	for (unsigned i = 0; i < count; i++)
		if (!strcmp(all[i]->name, name)) {
			*out = 1 + i;
			return HXCOMM_OK;
		}
	for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(names[i], name))
			return hxcomm_error_set(HXCOMM_ENOTSUP,
			        "kernel is %s: this processor has no such instructions; leave the "
			        "key out",
			        name);
	return hxcomm_error_set(HXCOMM_EINVAL,
	        "kernel is '%.40s', allowed are portable, avx2 and avx512", name);
}

static int read_options(struct emulator_options *out, const struct hxcomm_uri *uri)
{
	uint64_t serial, seed, noise, variation, quirks, threads, jumps, vectors;
	struct emulator_options options = { 0 };
	int status = check_keys(uri);
	if (status == HXCOMM_OK && uri->rest[0])
		status = hxcomm_error_set(HXCOMM_EINVAL,
		        "emulator: takes no name, '%s' was given: write emulator:?serial=1",
		        uri->rest);
	if (status == HXCOMM_OK)
		status = hxcomm_uri_read_u64(&serial, uri, "serial", 1, 1, SERIAL_MAX);
	if (status == HXCOMM_OK)
		status = hxcomm_uri_read_u64(&seed, uri, "seed", 1, 0, UINT64_MAX);
	if (status == HXCOMM_OK)
		status = hxcomm_uri_read_u64(&noise, uri, "noise", 1, 0, 1);
	if (status == HXCOMM_OK)
		status = hxcomm_uri_read_u64(&variation, uri, "variation", 1, 0, 1);
	if (status == HXCOMM_OK)
		status = hxcomm_uri_read_u64(&quirks, uri, "quirks", 1, 0, 1);
	if (status == HXCOMM_OK)
		status = hxcomm_uri_read_u64(&threads, uri, "threads", 1, 1, 2);
	if (status == HXCOMM_OK)
		status = hxcomm_uri_read_u64(&jumps, uri, "jumps", 1, 0, 1);
	if (status == HXCOMM_OK)
		status = read_kernel(&options.kernel, uri);
	if (status == HXCOMM_OK)
		status = hxcomm_uri_read_double(&options.celsius, uri, "temperature",
		        EMULATOR_CELSIUS, CELSIUS_MIN, CELSIUS_MAX);
	if (status == HXCOMM_OK)
		status = hxcomm_uri_read_u64(&vectors, uri, "vector_generators", 0, 0, 1);
	if (status == HXCOMM_OK)
		status = emulator__faults_read(&options.faults, uri, (uint32_t)serial);
	if (status != HXCOMM_OK)
		return status;
	options.quirks = quirks ? EMULATOR_QUIRKS_ON : EMULATOR_QUIRKS_OFF;
	if (noise && quirks)
		emulator__faults_draw(&options.faults, uri, (uint32_t)serial, seed);
	options.serial = (uint32_t)serial;
	options.seed = seed;
	options.noise = noise;
	options.variation = variation;
	options.threads = (unsigned)threads;
	options.step_idle = !jumps;
	options.vector_generators = vectors;
	*out = options;
	return HXCOMM_OK;
}

static int machine_open(void **state, const struct hxcomm_uri *uri,
        const struct hxcomm_open_options *options)
{
	struct emulator_options read;
	*state = NULL;
	int status = read_options(&read, uri);
	if (status != HXCOMM_OK)
		return status;
	if (options && options->chip_serial && options->chip_serial != read.serial)
		return hxcomm_error_set(HXCOMM_ENOENT,
		        "chip %u was asked for, this is emulated chip %u: write "
		        "emulator:?serial=%u",
		        options->chip_serial, read.serial, options->chip_serial);
	struct emulator_machine *machine = calloc(1, sizeof(*machine));
	if (!machine)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for an emulated machine");
	machine->options = read;
	status = emulator__fpga_new(&machine->fpga, &read);
	if (status != HXCOMM_OK) {
		free(machine);
		return status;
	}
	snprintf(machine->identifier, sizeof(machine->identifier), "emulator-%u", read.serial);
	emulator__machine_list(machine);
	*state = machine;
	return HXCOMM_OK;
}

static int deliver(void *user, const uint64_t *words, size_t count)
{
	return hxcomm_job_deliver(user, words, count);
}

static int check(void *user)
{
	return hxcomm_job_check(user);
}

/* Execute the words of the program while they come. Words and time are looked at in turn. */
static int execute_all(struct emulator_fpga *fpga, struct hxcomm_job *job)
{
	const uint64_t *words;
	size_t count;
	int status = hxcomm_job_take(job, &words, &count);
	while (status == HXCOMM_OK && count > 0) {
		while (status == HXCOMM_OK && count > 0) {
			const size_t some = count < WORDS_A_CHECK ? count : WORDS_A_CHECK;
			status = emulator__fpga_feed(fpga, words, some);
			words += some;
			count -= some;
			if (status == HXCOMM_OK && count > 0)
				status = hxcomm_job_check(job);
		}
		if (status == HXCOMM_OK)
			status = hxcomm_job_take(job, &words, &count);
	}
	return status;
}

static int machine_run(void *state, struct hxcomm_job *job)
{
	struct emulator_machine *machine = state;
	struct emulator_chip *chip = machine->fpga->chip;
	chip->check = check;
	chip->check_user = job;
	emulator__fpga_begin(machine->fpga, deliver, job);
	int status = execute_all(machine->fpga, job);
	if (status == HXCOMM_OK)
		status = emulator__fpga_end(machine->fpga);
	chip->check = NULL;
	return status;
}

/* Power off and on. */
static int machine_reset(void *state, double timeout_s)
{
	struct emulator_machine *machine = state;
	struct emulator_fpga *fpga;
	(void)timeout_s;
	const int status = emulator__fpga_new(&fpga, &machine->options);
	if (status != HXCOMM_OK)
		return status;
	emulator__fpga_free(machine->fpga);
	machine->fpga = fpga;
	return HXCOMM_OK;
}

static const char *machine_identifier(void *state)
{
	const struct emulator_machine *machine = state;
	return machine->identifier;
}

static void machine_close(void *state)
{
	struct emulator_machine *machine = state;
	if (!machine)
		return;
	emulator__machine_unlist(machine);
	emulator__fpga_free(machine->fpga);
	free(machine);
}

HXCOMM_API extern const struct emulator_provider hxcomm_provider;
const struct emulator_provider hxcomm_provider = {
	.provider = {
		.abi = HXCOMM_PROVIDER_ABI,
		.size = sizeof(struct emulator_provider),
		.scheme = "emulator",
		.summary = "a BrainScaleS-2 chip and its FPGA in software",
		.open = machine_open,
		.run = machine_run,
		.identifier = machine_identifier,
		.close = machine_close,
		.reset = machine_reset,
	},
	.mark = EMULATOR_ORACLE_MARK,
	.oracle = &emulator__oracle,
};
