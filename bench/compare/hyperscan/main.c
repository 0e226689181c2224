/*
 * hyperscan PATTERNS TEXT: runs all expressions of a file, one a line, over a text
 * with Hyperscan or Vectorscan, which tell where each match begins and ends, and
 * prints the processor's seconds that one pass takes.
 */
#include <hs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MOST 1000

static unsigned long long matches;

static int found(unsigned id, unsigned long long from, unsigned long long to,
                 unsigned flags, void *context)
{
	(void)id, (void)from, (void)to, (void)flags, (void)context;
	matches++;
	return 0;
}

static char *slurp(const char *path, size_t *size)
{
	FILE *f = fopen(path, "rb");
	char *data;
	long n;

	if (!f || fseek(f, 0, SEEK_END) || (n = ftell(f)) < 0 || fseek(f, 0, SEEK_SET)) {
		perror(path);
		exit(1);
	}
	data = malloc((size_t)n + 1);
	if (!data || fread(data, 1, (size_t)n, f) != (size_t)n) {
		perror(path);
		exit(1);
	}
	data[n] = 0;
	*size = (size_t)n;
	fclose(f);
	return data;
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	const char *expressions[MOST];
	unsigned flags[MOST], ids[MOST], n = 0;
	hs_database_t *db;
	hs_compile_error_t *wrong;
	hs_scratch_t *scratch = NULL;
	size_t patterns_size, size;
	char *patterns, *text;
	double start, spent;
	int passes = 0;

	if (argc != 3) {
		fprintf(stderr, "usage: hyperscan PATTERNS TEXT\n");
		return 2;
	}
	patterns = slurp(argv[1], &patterns_size);
	text = slurp(argv[2], &size);
	for (char *line = strtok(patterns, "\n"); line && n < MOST; line = strtok(NULL, "\n")) {
		expressions[n] = line;
		flags[n] = HS_FLAG_SOM_LEFTMOST;
		ids[n] = n;
		n++;
	}
	if (hs_compile_multi(expressions, flags, ids, n, HS_MODE_BLOCK, NULL, &db, &wrong) != HS_SUCCESS) {
		fprintf(stderr, "expression %d: %s\n", wrong->expression + 1, wrong->message);
		return 1;
	}
	if (hs_alloc_scratch(db, &scratch) != HS_SUCCESS)
		return 1;
	hs_scan(db, text, (unsigned)size, 0, scratch, found, NULL);
	start = seconds();
	do {
		if (hs_scan(db, text, (unsigned)size, 0, scratch, found, NULL) != HS_SUCCESS)
			return 1;
		passes++;
		spent = seconds() - start;
	} while (spent < 0.2);
	fprintf(stderr, "%llu matches\n", matches / (unsigned)(passes + 1));
	printf("%.9f\n", spent / passes);
	return 0;
}
