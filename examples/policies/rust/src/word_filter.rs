//! Refuses messages that hold a word of a list, whatever its case, as a word of its own.
#![no_std]

mod arqon;

use arqon::{reject, ALLOW};

const WORDS: [(&str, &str); 3] = [
    ("scam", "\"scam\" is not welcome here"),
    ("casino", "\"casino\" is not welcome here"),
    ("viagra", "\"viagra\" is not welcome here"),
];

#[no_mangle]
pub extern "C" fn policy_check(ptr: *const u8, length: usize) -> i32 {
    let payload = unsafe { core::slice::from_raw_parts(ptr, length) };
    for word in payload.split(|byte| !byte.is_ascii_alphabetic() && *byte < 0x80) {
        for (listed, reason) in WORDS {
            if word.eq_ignore_ascii_case(listed.as_bytes()) {
                return reject("WORD", reason.as_bytes());
            }
        }
    }
    ALLOW
}
