// SPDX-License-Identifier: MIT
/* A module for the test of the search: what is wrong with it is chosen by the build. */
#include <hxcomm/provider.h>

#ifdef MODULE_EMPTY
extern HXCOMM_API const int nothing;
const int nothing = 0;
#else

#ifndef MODULE_ABI
#define MODULE_ABI HXCOMM_PROVIDER_ABI
#endif

static int module_open(void **state, const struct hxcomm_uri *uri,
        const struct hxcomm_open_options *options)
{
	(void)uri, (void)options;
	*state = NULL;
	return 0;
}

static int module_run(void *state, struct hxcomm_job *job)
{
	static const uint64_t halt = UINT64_C(0x0200000000000000);
	(void)state;
	return hxcomm_job_deliver(job, &halt, 1);
}

static const char *module_identifier(void *state)
{
	(void)state;
	return "module";
}

static void module_close(void *state)
{
	(void)state;
}

extern HXCOMM_API const struct hxcomm_provider hxcomm_provider;
const struct hxcomm_provider hxcomm_provider = {
	.abi = MODULE_ABI,
	.size = sizeof(struct hxcomm_provider),
	.scheme = MODULE_SCHEME,
	.summary = "a module of the tests",
	.open = module_open,
	.run = module_run,
	.identifier = module_identifier,
	.close = module_close,
};
#endif
