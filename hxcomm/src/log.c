// SPDX-License-Identifier: MIT
#include <hxcomm/log.h>

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static hxcomm_log_sink *current_sink;
static void *current_user;
static atomic_int current_level = HXCOMM_LOG_WARNING;

static const char *level_name(enum hxcomm_log_level level)
{
	switch (level) {
	case HXCOMM_LOG_ERROR:
		return "error";
	case HXCOMM_LOG_WARNING:
		return "warning";
	case HXCOMM_LOG_INFO:
		return "info";
	default:
		return "debug";
	}
}

void hxcomm_log(enum hxcomm_log_level level, const char *room, const char *format, ...)
{
	if ((int)level > atomic_load_explicit(&current_level, memory_order_relaxed))
		return;
	char text[1024];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	pthread_mutex_lock(&lock);
	if (current_sink)
		current_sink(level, room, text, current_user);
	else
		fprintf(stderr, "bss: %s: %s: %s\n", room, level_name(level), text);
	pthread_mutex_unlock(&lock);
}

void hxcomm_log_set_sink(hxcomm_log_sink *sink, void *user)
{
	pthread_mutex_lock(&lock);
	current_sink = sink;
	current_user = user;
	pthread_mutex_unlock(&lock);
}

void hxcomm_log_set_level(enum hxcomm_log_level level)
{
	atomic_store_explicit(&current_level, (int)level, memory_order_relaxed);
}
