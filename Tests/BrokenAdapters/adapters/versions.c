/* SPDX-License-Identifier: Apache-2.0
 *
 * Needs a newer C library than Debian 12 has; the test writes the version into the file.
 *
 * caught by: static.versions
 */
#include "base.h"

#include "entry.h"
