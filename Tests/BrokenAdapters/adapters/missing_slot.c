/* SPDX-License-Identifier: Apache-2.0
 *
 * Leaves a required slot empty.
 *
 * caught by: lifecycle.load
 */
#include "base.h"

#define SLOT_RESET NULL
#include "entry.h"
