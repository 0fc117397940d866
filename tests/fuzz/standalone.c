// SPDX-License-Identifier: MIT
/* Feeds files to a fuzz target where libFuzzer is not there: its corpus becomes a test. Each file
 * is also fed cut short at some places and with some bits flipped. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FILE_MAX = 1 << 16, VARIANTS = 64 };

/* On a copy of exactly its size, so that a read behind its end is seen. */
static void feed(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);
	if (!copy)
		exit(99);
	memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static void feed_variants(uint8_t *data, size_t size)
{
	feed(data, size);
	for (size_t i = 0; i < VARIANTS && size; i++) {
		feed(data, size * i / VARIANTS);
		const size_t at = size * i / VARIANTS;
		const uint8_t flip = (uint8_t)(1u << i % 8);
		data[at] ^= flip;
		feed(data, size);
		data[at] ^= flip;
	}
}

int main(int argc, char **argv)
{
	static uint8_t data[FILE_MAX];
	size_t files = 0;
	for (int i = 1; i < argc; i++) {
		DIR *directory = opendir(argv[i]);
		if (!directory) {
			fprintf(stderr, "%s cannot be opened\n", argv[i]);
			return 99;
		}
		const struct dirent *entry;
		while ((entry = readdir(directory))) {
			char path[4096];
			snprintf(path, sizeof(path), "%s/%s", argv[i], entry->d_name);
			FILE *file = entry->d_name[0] == '.' ? NULL : fopen(path, "rb");
			if (!file)
				continue;
			const size_t size = fread(data, 1, sizeof(data), file);
			fclose(file);
			feed_variants(data, size);
			files++;
		}
		closedir(directory);
	}
	printf("%zu files\n", files);
	return files ? 0 : 99;
}
