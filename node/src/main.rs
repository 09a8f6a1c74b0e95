//! The `branchmesh` program; everything is in the library so that tests can start nodes too.

/// Documents and views are many small allocations, and much of what one thread allocates another frees.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    branchmesh_node::cli::main()
}
