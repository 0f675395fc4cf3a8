//! Refuses jobs that would take more energy than they may: `job.nvm`, in joules.
#![no_std]

mod arqon;
mod json_path;

use arqon::{reject, ALLOW};
use json_path::number_at;

const CAP_JOULES: f64 = 50.0;

#[no_mangle]
pub extern "C" fn policy_check(ptr: *const u8, length: usize) -> i32 {
    let payload = unsafe { core::slice::from_raw_parts(ptr, length) };
    // No number is no job: what a job must have is for a schema to say.
    match number_at(payload, b"job", b"nvm") {
        Some(joules) if joules > CAP_JOULES => reject("ENERGY_CAP", b"job.nvm is above 50.0 J"),
        _ => ALLOW,
    }
}
