/* SPDX-License-Identifier: Apache-2.0
 *
 * Names a framing in its manifest that it never takes.
 *
 * caught by: metadata.combinations
 */
#include "base.h"

#define MANIFEST_MORE "framing: packet\n"
#include "entry.h"
