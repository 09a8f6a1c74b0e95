//! The `branchmesh` program; everything is in the library so that tests can start nodes too.

fn main() -> std::process::ExitCode {
    branchmesh_node::cli::main()
}
