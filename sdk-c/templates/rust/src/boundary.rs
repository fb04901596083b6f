// SPDX-License-Identifier: Apache-2.0
//! Between the host and `feed.rs`: the table, the life of sessions and their saved state. A panic ends here: it becomes
//! EXPROVE_INTERNAL and unwinds no further. XP-A-… are the numbers of ExProve's rules for adapters.

use crate::abi::*;
use crate::feed::{self, Feed, Instrument, MAX_EVENTS, MESSAGES};
use crate::manifest;
use crate::output::Output;
use std::panic::{catch_unwind, AssertUnwindSafe};

/// A session that panicked may be half changed; the host does not use one again that answered INTERNAL to `decode`.
fn guarded(body: impl FnOnce() -> Status) -> Status {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(INTERNAL)
}

unsafe fn say(error: *mut Text, status: Status, text: &str) -> Status {
    if let Some(error) = error.as_mut() {
        let size = text.len().min(error.capacity as usize);
        if size > 0 {
            std::ptr::copy_nonoverlapping(text.as_ptr(), error.data.cast(), size);
        }
        error.size = size as u32;
    }
    status
}

unsafe extern "C" fn init(host: *const Host, error: *mut Text) -> Status {
    let reach = 8; /* up to and with `abi_version` */
    match host.as_ref() {
        Some(host) if host.struct_size >= reach && host.abi_version >> 16 == 1 => {
            // This library's own hook: without it a panic would write to standard error before it is caught.
            guarded(|| {
                std::panic::set_hook(Box::new(|_| {}));
                OK
            })
        }
        _ => say(error, NOT_IMPLEMENTED, "this adapter speaks ABI 1"),
    }
}

unsafe extern "C" fn deinit() {
    guarded(|| {
        drop(std::panic::take_hook());
        OK
    });
}

unsafe extern "C" fn create(config: *const Config, session: *mut *mut Feed, error: *mut Text) -> Status {
    *session = std::ptr::null_mut();
    let config = &*config;
    if (config.struct_size as usize) < std::mem::size_of::<Config>() {
        return say(error, INVALID_ARGUMENT, "the configuration is cut");
    }
    if config.settings_count > 0 {
        return say(error, INVALID_ARGUMENT, "there are no settings");
    }
    let is_framing = config.framing == FRAMING_LENGTH16 || config.framing == FRAMING_MESSAGE;
    if !is_framing || config.channel != CHANNEL_MARKET_DATA {
        return say(error, NOT_IMPLEMENTED, "market data in messages, and nothing else");
    }
    if config.day_start < 0 || config.day_start > i64::MAX - feed::DAY {
        return say(error, INVALID_ARGUMENT, "day_start must lie between 1970 and 2262");
    }
    guarded(|| {
        *session = Box::into_raw(Box::new(Feed::new(config.day_start)));
        OK
    })
}

unsafe extern "C" fn destroy(session: *mut Feed) {
    guarded(|| {
        if !session.is_null() {
            drop(Box::from_raw(session));
        }
        OK
    });
}

unsafe extern "C" fn reset(session: *mut Feed) -> Status {
    guarded(|| {
        *session = Feed::new((*session).day_start);
        OK
    })
}

unsafe extern "C" fn decode(session: *mut Feed, batch: *mut Batch) -> Status {
    let (session, batch) = (&mut *session, &mut *batch);
    if (batch.struct_size as usize) < std::mem::size_of::<Batch>() || (batch.event_capacity as usize) < MAX_EVENTS {
        return INVALID_ARGUMENT;
    }
    let capacity = batch.event_capacity as usize;
    let (mut used, mut filled) = (0, 0);
    let status = guarded(|| {
        while used < batch.frame_count && capacity - filled >= MAX_EVENTS {
            let frame = &*batch.frames.add(used as usize);
            // SAFETY: the host promises that each frame lies within `bytes` and that the events are its own.
            let bytes = if frame.length == 0 {
                &[][..]
            } else {
                std::slice::from_raw_parts(batch.bytes.add(frame.data as usize), frame.length as usize)
            };
            let room = std::slice::from_raw_parts_mut(batch.events.add(filled), MAX_EVENTS);
            let mut out = Output::new(room, used);
            session.decode(bytes, &mut out);
            filled += out.close();
            used += 1;
        }
        OK
    });
    batch.frames_used = used;
    batch.events_filled = filled as u32;
    status
}

unsafe extern "C" fn counters(session: *const Feed, values: *mut u64, capacity: u32) -> Status {
    for (place, count) in (*session).counts.iter().enumerate().take(capacity as usize) {
        *values.add(place) = *count;
    }
    OK
}

const MARK: &[u8; 8] = b"STATE001";
const HEAD: usize = 8 + 8 * MESSAGES.len() + 8;
const EACH: usize = 2 + 1 + 4 + 8;

/// Equal bytes for equal states, little-endian.
fn state_of(feed: &Feed) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEAD + feed.instruments.len() * EACH);
    out.extend_from_slice(MARK);
    for count in feed.counts {
        out.extend_from_slice(&count.to_le_bytes());
    }
    out.extend_from_slice(&feed.next.to_le_bytes());
    for instrument in &feed.instruments {
        out.extend_from_slice(&instrument.id.to_le_bytes());
        out.push(instrument.scale);
        out.extend_from_slice(&instrument.tick.to_le_bytes());
        out.extend_from_slice(&instrument.symbol);
    }
    out
}

/// Saved bytes are hostile: `None` for what decoding could not have made.
fn feed_from(bytes: &[u8], day_start: i64) -> Option<Feed> {
    let body = bytes.get(HEAD..)?;
    if !bytes.starts_with(MARK) || body.len() % EACH != 0 {
        return None;
    }
    let word = |at: usize| Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?));
    let mut feed = Feed::new(day_start);
    feed.next = word(HEAD - 8)?;
    for (place, count) in feed.counts.iter_mut().enumerate() {
        *count = word(8 + 8 * place)?;
    }
    for each in body.chunks_exact(EACH) {
        let instrument = Instrument {
            id: u16::from_le_bytes(each[0..2].try_into().ok()?),
            scale: each[2],
            tick: u32::from_le_bytes(each[3..7].try_into().ok()?),
            symbol: each[7..15].try_into().ok()?,
        };
        let is_sound = instrument.scale <= MAX_QUANTITY_SCALE && feed::symbol_size(&instrument.symbol) > 0;
        if !is_sound || !feed.enter(instrument) {
            return None;
        }
    }
    Some(feed)
}

unsafe extern "C" fn save(session: *const Feed, out: *mut u8, capacity: u64, size: *mut u64) -> Status {
    guarded(|| {
        let bytes = state_of(&*session);
        *size = bytes.len() as u64;
        if capacity < *size {
            return TOO_SMALL;
        }
        std::ptr::copy_nonoverlapping(bytes.as_ptr(), out, bytes.len());
        OK
    })
}

unsafe extern "C" fn load(session: *mut Feed, bytes: *const u8, size: u64) -> Status {
    guarded(|| {
        let bytes = if size == 0 { &[][..] } else { std::slice::from_raw_parts(bytes, size as usize) };
        let day_start = (*session).day_start;
        let taken = feed_from(bytes, day_start);
        let status = if taken.is_some() { OK } else { BAD_DATA };
        *session = taken.unwrap_or_else(|| Feed::new(day_start));
        status
    })
}

unsafe extern "C" fn frame_time(
    session: *const Feed,
    bytes: *const u8,
    _bytes_size: u64,
    frames: *const Frame,
    frame_count: u32,
    times: *mut i64,
) -> Status {
    guarded(|| {
        for place in 0..frame_count as usize {
            let frame = &*frames.add(place);
            let bytes = if frame.length == 0 {
                &[][..]
            } else {
                std::slice::from_raw_parts(bytes.add(frame.data as usize), frame.length as usize)
            };
            *times.add(place) = (*session).time(bytes).unwrap_or(i64::MIN);
        }
        OK
    })
}

/// An older host knows fewer slots, and gets those.
pub unsafe fn entry(version: u32, adapter: *mut Adapter<Feed>) -> Status {
    if version != VERSION_1_1 && version != VERSION_1_0 {
        return NOT_IMPLEMENTED;
    }
    let mut table = Adapter {
        struct_size: 0,
        abi_version: version,
        manifest: manifest::SECTION.as_ptr(),
        manifest_size: manifest::SECTION.len() as u64,
        init,
        deinit,
        create,
        destroy,
        reset,
        decode,
        counters,
        save,
        load,
        extension: None,
        frame_time: Some(frame_time),
    };
    let least = std::mem::size_of::<Adapter<Feed>>() - 2 * std::mem::size_of::<usize>();
    // Only `struct_size` is known to be there.
    let room = if adapter.is_null() { 0 } else { std::ptr::read(adapter.cast::<u32>()) as usize };
    if room < least {
        return INVALID_ARGUMENT;
    }
    let size = room.min(std::mem::size_of::<Adapter<Feed>>()) & !7; /* whole slots */
    table.struct_size = size as u32;
    std::ptr::copy_nonoverlapping((&table as *const Adapter<Feed>).cast::<u8>(), adapter.cast::<u8>(), size);
    OK
}
