/* SPDX-License-Identifier: Apache-2.0
 *
 * Was linked with a search path.
 *
 * caught by: static.runpath
 * flags: -Wl,-rpath,/tmp/libraries
 */
#include "base.h"

#include "entry.h"
