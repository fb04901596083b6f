/* SPDX-License-Identifier: Apache-2.0
 *
 * The files that `exprove adapter new` writes, as they lie in sdk-c, inside the command.
 */
#ifndef ADAPTER_TEMPLATES_H
#define ADAPTER_TEMPLATES_H

#include <stddef.h>

typedef struct adapter_template_file {
  const char *group; /* `every`, `include` or a language */
  const char *path;  /* in the project */
  const unsigned char *bytes;
  size_t size;
} adapter_template_file;

/* The first one; the last one is followed by one whose group is NULL. */
const adapter_template_file *adapter_template_files_start(void);

#endif /* ADAPTER_TEMPLATES_H */
