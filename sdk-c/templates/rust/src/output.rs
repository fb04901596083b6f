// SPDX-License-Identifier: Apache-2.0
//! The events of one frame.

use crate::abi::{flag, kind, Event, TextEvent, NO_INSTRUMENT};

/// Up to eight letters as `aux` carries codes: the first one in the lowest byte.
pub fn code(letters: &[u8]) -> u64 {
    letters.iter().take(8).rev().fold(0, |value, letter| value << 8 | u64::from(*letter))
}

pub struct Output<'a> {
    /// Room for `MAX_EVENTS`.
    events: &'a mut [Event],
    frame: u32,
    filled: usize,
    pub time: Option<i64>,
    pub sequence: u64,
}

impl<'a> Output<'a> {
    pub fn new(events: &'a mut [Event], frame: u32) -> Self {
        Output { events, frame, filled: 0, time: None, sequence: 0 }
    }

    pub fn put(&mut self, kind: u8, instrument: u32, fill: impl FnOnce(&mut Event)) {
        let mut event = Event {
            event_time: self.time.unwrap_or(0),
            venue_sequence: self.sequence,
            order_id: 0,
            price: 0,
            quantity: 0,
            aux: 0,
            instrument,
            frame: self.frame,
            kind,
            side: 0,
            flags: if self.time.is_none() { flag::NO_EVENT_TIME } else { 0 },
            level: 0,
            reserved: 0,
        };
        fill(&mut event);
        self.events[self.filled] = event;
        self.filled += 1;
    }

    pub fn gap(&mut self, first: u64, count: u64) {
        self.put(kind::GAP, NO_INSTRUMENT, |e| {
            e.venue_sequence = first;
            e.aux = count;
            e.flags |= flag::LAST;
        });
    }

    /// A text of less than 40 bytes, which takes one record.
    pub fn text(&mut self, id: u32, text: &[u8]) {
        let mut record = TextEvent {
            event_time: self.time.unwrap_or(0),
            bytes: [0; 40],
            text_id: id,
            frame: self.frame,
            kind: kind::TEXT,
            side: 0,
            flags: if self.time.is_none() { flag::NO_EVENT_TIME } else { 0 },
            level: text.len() as u16,
            reserved: 0,
        };
        record.bytes[..text.len()].copy_from_slice(text);
        // SAFETY: both are plain records of 64 bytes without padding, and every bit pattern is an `Event`.
        self.events[self.filled] = unsafe { std::mem::transmute::<TextEvent, Event>(record) };
        self.filled += 1;
    }

    /// Ends the frame; how many events it gave.
    pub fn close(self) -> usize {
        if let Some(last) = self.filled.checked_sub(1) {
            self.events[last].flags |= flag::LAST;
        }
        self.filled
    }
}
