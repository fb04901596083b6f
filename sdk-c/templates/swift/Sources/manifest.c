/* SPDX-License-Identifier: Apache-2.0
 *
 * The manifest: what a host learns before it runs any code. It lies in a section of the library, which is why it
 * stands in a C file. Change it along with feed.swift.
 */
#include "manifest.h"

EXPROVE_MANIFEST(
    "name: my-venue\n"
    "version: 0.1.0\n"
    "vendor: Vendor\n"
    "licence: Apache-2.0\n"
    "summary: Market data of my-venue.\n"
    "abi: 1.1\n"
    "protocol: my-venue feed 1\n"
    "framing: length16\n"
    "framing: message\n"
    "channel: market-data\n"
    "frame-time: yes\n"
    "max-events: 4\n"
    /* The runtime seeds its hash tables. */
    "needs: entropy\n"
    "message: D\nmessage: A\nmessage: E\nmessage: X\nmessage: T\nmessage: S\n")

const char *manifest_text(void) { return exprove_manifest_text; }
uint64_t manifest_size(void) { return sizeof exprove_manifest_text - 1; }
