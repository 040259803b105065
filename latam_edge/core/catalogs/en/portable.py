"""The wheel of the engine for all processors."""

MESSAGES = {
    "portable.help": "Compile llama-cpp-python once for all processors of a platform.",
    "portable.out": "Folder that gets the wheel.",
    "portable.platform": "For which machines: {platforms}. Missing: like this one.",
    "portable.source": "Source archive of llama-cpp-python, already downloaded. Missing: pip fetches it.",
    "portable.work": "Work folder; after an interruption the next run goes on in it.",
    "portable.jobs": "Compilers at a time. Missing: one per core.",
    "portable.from": "Compile nothing: repair this .whl, compiled with all variants already.",
    "portable.made": "{path} ({size})",
    "portable.variants": "Variants: {names}",
    "portable.needs": "Needs glibc {glibc} or newer, and libstdc++ with GLIBCXX_{stdcxx}.",
    "portable.failed": "{command} ended with status {status}",
    "portable.wrong_source": "is not the source that was expected: its sha256 is {found}",
    "portable.no_tool": "{tool} is missing",
    "portable.no_cross": "for {platform} it has to be compiled on such a machine",
}
