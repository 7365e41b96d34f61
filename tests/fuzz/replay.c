/* replay.c - runs a target on each file of the named folders, once and in name
 * order, and prints the count. A target that finds an error aborts. */
#include <dirent.h>

#include "tests/fuzz/fuzz.h"

static int replay_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	static uint8_t data[4 << 20];
	uint8_t *exact;
	size_t n;

	if (f == NULL) {
		perror(path);
		return -1;
	}
	n = fread(data, 1, sizeof(data), f);
	fclose(f);
	/* Print the name first: after an abort, the last line names the
	 * input. */
	fprintf(stderr, "%s\n", path);
	exact = fuzz_copy(data, n);
	(void)LLVMFuzzerTestOneInput(exact, n);
	free(exact);
	return 0;
}

static int replay_folder(const char *path)
{
	struct dirent **names;
	int n = scandir(path, &names, NULL, alphasort), i, done = 0;
	char name[4096];

	if (n < 0) {
		perror(path);
		return -1;
	}
	for (i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "%s/%s", path, names[i]->d_name);
		if (done >= 0 && names[i]->d_name[0] != '.')
			done = replay_file(name) == 0 ? done + 1 : -1;
		free(names[i]);
	}
	free(names);
	return done;
}

int main(int argc, char **argv)
{
	int i, n, all = 0;

	for (i = 1; i < argc; i++) {
		if ((n = replay_folder(argv[i])) < 0)
			return 1;
		all += n;
	}
	printf("%d inputs\n", all);
	return all > 0 ? 0 : 1;
}
