"""What everything else stands on: errors, words, paths, progress. Standard library and platformdirs only."""
