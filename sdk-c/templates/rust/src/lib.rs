// SPDX-License-Identifier: Apache-2.0
//! An ExProve adapter: the manifest, and the one exported symbol. What is particular to the venue stands in `feed.rs`.

mod abi;
mod boundary;
mod feed;
mod output;

/// What a host learns before it runs any code: a section of its own, read from the file.
macro_rules! manifest {
    ($($line:literal)*) => {
        pub(crate) const TEXT: &str = concat!("exprove-manifest/1\n", $($line, "\n",)*);
        #[used]
        #[link_section = ".exprove.manifest"]
        pub(crate) static SECTION: [u8; TEXT.len()] = {
            let (text, mut bytes, mut at) = (TEXT.as_bytes(), [0; TEXT.len()], 0);
            while at < bytes.len() {
                bytes[at] = text[at];
                at += 1;
            }
            bytes
        };
    };
}

pub(crate) mod manifest {
    manifest! {
        "name: my-venue"
        "version: 0.1.0"
        "vendor: Vendor"
        "licence: Apache-2.0"
        "summary: Market data of my-venue."
        "abi: 1.1"
        "protocol: my-venue feed 1"
        "framing: length16"
        "framing: message"
        "channel: market-data"
        "frame-time: yes"
        "max-events: 4"
        "message: D" "message: A" "message: E" "message: X" "message: T" "message: S"
    }
}

/// Fills the host's table.
///
/// # Safety
/// `adapter` is NULL or a table of at least `struct_size` bytes, as the host promises.
#[no_mangle]
pub unsafe extern "C" fn exprove_adapter_entry(version: u32, adapter: *mut abi::Adapter<feed::Feed>) -> abi::Status {
    boundary::entry(version, adapter)
}
