/* SPDX-License-Identifier: Apache-2.0
 *
 * The correct one: every check must pass.
 */
#include "base.h"
#include "entry.h"
