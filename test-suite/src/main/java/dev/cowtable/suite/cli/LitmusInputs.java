package dev.cowtable.suite.cli;

import dev.cowtable.suite.litmus.LitmusParser;
import dev.cowtable.suite.litmus.LitmusSyntaxException;
import dev.cowtable.suite.litmus.Scenario;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Finds and reads the files that a {@code cowtable litmus} command line names. */
final class LitmusInputs {
    private LitmusInputs() {
    }

    /** A mistake of the user's, told in one line. */
    static final class BadInput extends Exception {
        private static final long serialVersionUID = 1L;

        BadInput(String reason) {
            super(reason);
        }
    }

    /** The file itself, or all {@code .txt} of a folder by name. */
    static List<Path> expand(Path input) throws BadInput {
        if (!Files.isDirectory(input)) {
            return List.of(input);
        }
        try (Stream<Path> files = Files.list(input)) {
            List<Path> found =
                    new ArrayList<>(files.filter(file -> file.toString().endsWith(".txt")).sorted().toList());
            if (found.isEmpty()) {
                throw new BadInput(input + ": no .txt file in this folder");
            }
            return found;
        } catch (IOException e) {
            throw new BadInput(input + ": " + reason(e));
        }
    }

    static Scenario scenario(Path file) throws BadInput {
        try {
            return LitmusParser.parse(file.toString(), text(file));
        } catch (LitmusSyntaxException e) {
            throw new BadInput(String.valueOf(e.getMessage()));
        }
    }

    /** What NAME.expected beside NAME.txt holds. */
    static String expected(Path file, Scenario scenario) throws BadInput {
        return text(file.resolveSibling(scenario.name() + ".expected"));
    }

    private static String text(Path file) throws BadInput {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new BadInput(file + ": " + reason(e));
        }
    }

    /** Why an input or output failed, without the path. */
    static String reason(IOException e) {
        return switch (e) {
            case NoSuchFileException _ -> "no such file or folder";
            case AccessDeniedException _ -> "permission denied";
            case CharacterCodingException _ -> "not UTF-8 text";
            case FileSystemException other when other.getReason() != null -> other.getReason();
            default -> String.valueOf(e.getMessage());
        };
    }
}
