//! Writes seeds/ anew; what the fuzzer found and somebody put there stays.

use std::fs;
use std::path::Path;

use bellpush_fuzz::{TARGETS, seeds};

fn main() -> std::io::Result<()> {
    for (name, _) in TARGETS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(name);
        fs::create_dir_all(&folder)?;
        for (file, bytes) in seeds::of(name) {
            fs::write(folder.join(file), bytes)?;
        }
    }
    Ok(())
}
