/* files.h - the files that a session sends and gets: opens them with the helper
 * process, reads and writes them, and keeps the records of those that are not
 * finished. */
#ifndef CONCLAVE_FILES_H
#define CONCLAVE_FILES_H

#include "client/file_helper.h"
#include "client/session/file.h"
#include "client/trust/unfinished.h"

struct files {
	struct helper *helper; /* NULL: this process opens them */
	struct file_folders folders;
	struct unfinished *unfinished;
	const char *accept; /* names with commas between them, or NULL */
	char path[FILE_HELPER_PATH_MAX];
};

/* All borrowed; *f stays where it is. Without a folder there are no files. */
struct file_ops files_ops(struct files *f);

#endif
