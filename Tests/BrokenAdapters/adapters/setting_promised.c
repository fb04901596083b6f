/* SPDX-License-Identifier: Apache-2.0
 *
 * Names a setting in its manifest that it refuses.
 *
 * caught by: metadata.settings
 */
#include "base.h"

#define MANIFEST_MORE "setting: speed integer 1 how fast\n"
#include "entry.h"
