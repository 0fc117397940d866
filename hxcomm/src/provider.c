// SPDX-License-Identifier: MIT
/* The table of providers, and the search for modules. The lock is held for the table only: a module
 * is loaded without it, so that what a module does while it is loaded cannot block. */
#include "provider.h"

#include <hxcomm/connection.h>
#include <hxcomm/error.h>

#include "uri.h"

#include <dirent.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_MAX_BYTES = 4096 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const struct hxcomm_provider **registered; /* [registered_count], grows only */
static size_t registered_count, registered_capacity;

static const struct hxcomm_provider *const built_in[] = {
	&hxcomm__provider_arq,
	&hxcomm__provider_loopback,
	&hxcomm__provider_mock,
	&hxcomm__provider_record,
	&hxcomm__provider_replay,
};
enum { BUILT_IN = sizeof(built_in) / sizeof(*built_in) };

int hxcomm__provider_plain_open(const struct hxcomm_uri *uri,
        const struct hxcomm_open_options *options)
{
	if (uri->rest[0])
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "'%s:' takes nothing behind the colon, not '%.64s'",
		        uri->scheme, uri->rest);
	if (options->chip_serial)
		return hxcomm_error_set(HXCOMM_ENOTSUP,
		        "chip_serial is %u, but '%s:' is no chip: leave it 0", options->chip_serial,
		        uri->scheme);
	return hxcomm_uri_check_keys(uri, NULL, 0);
}

/* ---- the table ------------------------------------------------------------------------------ */

/* With the lock held. */
static const struct hxcomm_provider *find_in_table(const char *scheme)
{
	for (size_t i = 0; i < BUILT_IN; i++)
		if (!strcmp(built_in[i]->scheme, scheme))
			return built_in[i];
	for (size_t i = 0; i < registered_count; i++)
		if (!strcmp(registered[i]->scheme, scheme))
			return registered[i];
	return NULL;
}

static int check(const struct hxcomm_provider *provider)
{
	if (provider->abi != HXCOMM_PROVIDER_ABI || provider->size < sizeof(*provider))
		return hxcomm_error_set(HXCOMM_ENOTSUP,
		        "made for provider interface %u of %u bytes, this library has %u of %zu: "
		        "rebuild the provider", provider->abi, provider->size, HXCOMM_PROVIDER_ABI,
		        sizeof(*provider));
	if (!provider->scheme || !provider->summary || !provider->open || !provider->run ||
	        !provider->identifier || !provider->close)
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "a member of struct hxcomm_provider is NULL: all must be set");
	if (!hxcomm__scheme_valid(provider->scheme, strlen(provider->scheme)))
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "'%.40s' is no scheme: 1 to %d of a-z, 0-9 and '-'", provider->scheme,
		        HXCOMM_URI_SCHEME_MAX);
	return HXCOMM_OK;
}

/* With the lock held. */
static int add_to_table(const struct hxcomm_provider *provider)
{
	if (registered_count == registered_capacity) {
		const size_t capacity = registered_capacity ? 2 * registered_capacity : 8;
		const struct hxcomm_provider **grown =
		        realloc((void *)registered, capacity * sizeof(*grown));
		if (!grown)
			return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for %zu providers",
			        capacity);
		registered = grown;
		registered_capacity = capacity;
	}
	registered[registered_count++] = provider;
	return HXCOMM_OK;
}

int hxcomm_provider_register(const struct hxcomm_provider *provider)
{
	int status = check(provider);
	if (status != HXCOMM_OK)
		return status;
	pthread_mutex_lock(&lock);
	const struct hxcomm_provider *other = find_in_table(provider->scheme);
	if (!other)
		status = add_to_table(provider);
	else if (other != provider)
		status = hxcomm_error_set(HXCOMM_EINVAL,
		        "there is already a provider '%s': choose another scheme",
		        provider->scheme);
	pthread_mutex_unlock(&lock);
	return status;
}

/* ---- folders of modules --------------------------------------------------------------------- */

/* Folder number `index` of the search path into out[PATH_MAX_BYTES]; false behind the last one.
 * An empty string is a folder to be passed over. */
static bool folder(char *out, size_t index)
{
	const char *path = getenv("HXCOMM_PROVIDER_PATH");
	out[0] = '\0';
	while (path && *path) {
		const size_t length = strcspn(path, ":");
		if (index == 0) {
			if (length < PATH_MAX_BYTES) {
				memcpy(out, path, length);
				out[length] = '\0';
			}
			return true;
		}
		index--;
		path += length;
		path += *path == ':';
	}
	if (index > 0)
		return false;
	static const char anchor =
	        0; /* lies in libhxcomm.so, or in the program it is linked into */
	Dl_info info;
	char file[PATH_MAX_BYTES];
	if (!dladdr(&anchor, &info) || !info.dli_fname)
		return true;
	char *real = realpath(info.dli_fname, NULL);
	snprintf(file, sizeof(file), "%s", real ? real : info.dli_fname);
	free(real);
	char *slash = strrchr(file, '/');
	if (!slash)
		return true;
	*slash = '\0';
	const int length = snprintf(out, PATH_MAX_BYTES, "%s/%s", file, BSS_PROVIDER_SUBDIR);
	if (length >= PATH_MAX_BYTES)
		out[0] = '\0';
	return true;
}

/* Length of the scheme in "<scheme>.so"; 0 for any other file name. */
static size_t module_scheme(const char *name)
{
	const size_t length = strlen(name);
	if (length <= 3 || strcmp(name + length - 3, ".so") ||
	        !hxcomm__scheme_valid(name, length - 3))
		return 0;
	return length - 3;
}

/* Load "<folder>/<scheme>.so" and look at what it exports. A module stays loaded: its code may be
 * in use. */
static int load(const struct hxcomm_provider **out, const char *file, const char *scheme)
{
	void *module = dlopen(file, RTLD_NOW | RTLD_LOCAL);
	if (!module) {
		const char *reason = dlerror();
		return hxcomm_error_set(HXCOMM_ENOTSUP, "%s", reason ? reason : "dlopen failed");
	}
	const struct hxcomm_provider *provider = dlsym(module, "hxcomm_provider");
	int status = provider ? check(provider) : hxcomm_error_set(HXCOMM_ENOTSUP,
	        "%s exports no hxcomm_provider: it is no provider", file);
	if (status == HXCOMM_OK && strcmp(provider->scheme, scheme))
		status = hxcomm_error_set(HXCOMM_ENOTSUP,
		        "%s holds provider '%s': its file must be called %s.so", file,
		        provider->scheme, provider->scheme);
	if (status != HXCOMM_OK) {
		dlclose(module);
		return HXCOMM_ENOTSUP;
	}
	*out = provider;
	return HXCOMM_OK;
}

/* Load the first module of the search path for a scheme and put it into the table. */
static int find_module(const struct hxcomm_provider **out, const char *scheme)
{
	char at[PATH_MAX_BYTES];
	for (size_t i = 0; folder(at, i); i++) {
		char file[PATH_MAX_BYTES + HXCOMM_URI_SCHEME_MAX + 8];
		snprintf(file, sizeof(file), "%s/%s.so", at, scheme);
		if (!at[0] || access(file, F_OK))
			continue;
		const struct hxcomm_provider *provider = NULL;
		int status = load(&provider, file, scheme);
		if (status != HXCOMM_OK)
			return hxcomm_error_wrap(status, "provider '%s' cannot be used", scheme);
		pthread_mutex_lock(&lock);
		const struct hxcomm_provider *other = find_in_table(scheme);
		if (!other)
			status = add_to_table(provider);
		pthread_mutex_unlock(&lock);
		if (status == HXCOMM_OK)
			*out = other ? other : provider;
		return status;
	}
	return HXCOMM_ENOENT;
}

/* ---- lists ---------------------------------------------------------------------------------- */

struct names {
	char (*name)[HXCOMM_URI_SCHEME_MAX + 1];
	size_t count, capacity;
};

static int add_name(struct names *names, const char *name, size_t length)
{
	for (size_t i = 0; i < names->count; i++)
		if (strlen(names->name[i]) == length && !memcmp(names->name[i], name, length))
			return HXCOMM_OK;
	if (names->count == names->capacity) {
		const size_t capacity = names->capacity ? 2 * names->capacity : 16;
		void *grown = realloc(names->name, capacity * sizeof(*names->name));
		if (!grown)
			return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for %zu names", capacity);
		names->name = grown;
		names->capacity = capacity;
	}
	memcpy(names->name[names->count], name, length);
	names->name[names->count++][length] = '\0';
	return HXCOMM_OK;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Names of the table and of the files of all folders, sorted, each once. */
static int collect_names(struct names *names)
{
	int status = HXCOMM_OK;
	for (size_t i = 0; status == HXCOMM_OK && i < BUILT_IN; i++)
		status = add_name(names, built_in[i]->scheme, strlen(built_in[i]->scheme));
	pthread_mutex_lock(&lock);
	for (size_t i = 0; status == HXCOMM_OK && i < registered_count; i++)
		status = add_name(names, registered[i]->scheme, strlen(registered[i]->scheme));
	pthread_mutex_unlock(&lock);
	char at[PATH_MAX_BYTES];
	for (size_t i = 0; status == HXCOMM_OK && folder(at, i); i++) {
		DIR *directory = at[0] ? opendir(at) : NULL;
		if (!directory)
			continue;
		const struct dirent *entry;
		while (status == HXCOMM_OK && (entry = readdir(directory))) {
			const size_t length = module_scheme(entry->d_name);
			if (length)
				status = add_name(names, entry->d_name, length);
		}
		closedir(directory);
	}
	if (status == HXCOMM_OK)
		qsort(names->name, names->count, sizeof(*names->name), compare_names);
	return status;
}

/* HXCOMM_ENOENT with the names there are. */
static int absent(const char *scheme)
{
	struct names names = { 0 };
	char list[256] = "";
	size_t length = 0;
	if (collect_names(&names) == HXCOMM_OK) {
		for (size_t i = 0; i < names.count; i++) {
			const int more = snprintf(list + length, sizeof(list) - length, "%s%s",
			        i ? ", " : "", names.name[i]);
			if (more < 0 || (size_t)more >= sizeof(list) - length)
				break;
			length += (size_t)more;
		}
	}
	free(names.name);
	return hxcomm_error_set(HXCOMM_ENOENT,
	        "no provider '%s'; there are: %s (modules are looked for in HXCOMM_PROVIDER_PATH "
	        "and %s beside libhxcomm.so)", scheme, list, BSS_PROVIDER_SUBDIR);
}

int hxcomm_provider_find(const struct hxcomm_provider **out, const char *scheme)
{
	*out = NULL;
	if (!hxcomm__scheme_valid(scheme, strlen(scheme)))
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "'%.40s' is no scheme: 1 to %d of a-z, 0-9 and '-'", scheme,
		        HXCOMM_URI_SCHEME_MAX);
	pthread_mutex_lock(&lock);
	*out = find_in_table(scheme);
	pthread_mutex_unlock(&lock);
	if (*out)
		return HXCOMM_OK;
	const int status = find_module(out, scheme);
	return status == HXCOMM_ENOENT ? absent(scheme) : status;
}

int hxcomm_provider_list(hxcomm_provider_visitor *visitor, void *user)
{
	struct names names = { 0 };
	int status = collect_names(&names);
	for (size_t i = 0; status == HXCOMM_OK && i < names.count; i++) {
		const struct hxcomm_provider *provider;
		const int found = hxcomm_provider_find(&provider, names.name[i]);
		if (found == HXCOMM_ENOMEM)
			status = found;
		else if (found == HXCOMM_OK)
			status = visitor(provider->scheme, provider->summary, NULL, user);
		else
			status = visitor(names.name[i], NULL, hxcomm_error_message(), user);
	}
	free(names.name);
	return status;
}
