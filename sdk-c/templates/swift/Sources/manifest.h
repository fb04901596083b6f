/* SPDX-License-Identifier: Apache-2.0
 *
 * What the Swift files see of C: ExProve's headers, and the manifest of manifest.c.
 */
#ifndef MANIFEST_H
#define MANIFEST_H

#include <exprove/adapter.h>

/* How far a host's table and record must reach at least. */
static const uint32_t least_table = offsetof(exprove_adapter, extension);
static const uint32_t least_host = offsetof(exprove_host, cookie);

const char *manifest_text(void);
uint64_t manifest_size(void);

#endif /* MANIFEST_H */
