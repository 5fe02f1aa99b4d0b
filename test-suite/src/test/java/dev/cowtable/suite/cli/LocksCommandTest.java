package dev.cowtable.suite.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
final class LocksCommandTest {
    private String out = "";
    private String err = "";

    private int run(String... args) {
        StringWriter outText = new StringWriter();
        StringWriter errText = new StringWriter();
        String[] all = new String[args.length + 1];
        all[0] = "locks";
        System.arraycopy(args, 0, all, 1, args.length);
        int exit = Cowtable.run(new PrintWriter(outText), new PrintWriter(errText), all);
        out = outText.toString();
        err = errText.toString();
        return exit;
    }

    @Test
    void theFiveDesignsStandBesideEachOther() {
        assertThat(run("--seeds", "1", "--tables", "1")).isZero();
        assertThat(out).containsPattern("(?m)^ +classic +relaxed +relaxed:rmap=inplace +owner +ondemand$")
                .containsPattern("(?m)^  found taken( +[0-9,]+){5}$")
                .containsPattern("(?m)^verdict of the checks( +ok){5}$").contains("A step is one shared access")
                .doesNotContain("by reclaim");
    }

    @Test
    void reclaimIsPlayedByTheDesignsThatCan() {
        assertThat(run("--seeds", "1", "--mix", "reclaim", "--threads", "1")).isZero();
        assertThat(out).containsPattern("(?m)^ +classic +relaxed +relaxed:rmap=inplace$")
                .containsPattern("(?m)^pages freed by reclaim( +[0-9,]+){3}$").contains("longest by reclaim");
    }

    @Test
    void jsonHasTheSceneAndTheFiguresOfEachDesign() {
        assertThat(run("--seeds", "1", "--json", "--designs", "classic owner", "--mix", "reclaim")).isZero();
        assertThat(out).startsWith("{\n  \"version\": 1,").endsWith("}\n").contains("\"mix\": \"reclaim\"")
                .contains("\"ptlHeldLongestByForkSteps\": ").contains("\"supported\": false")
                .contains("\"passed\": true");
    }

    @Test
    void mistakesAreBadUsage() {
        for (String[] args : new String[][] {{"--designs", "fancy"}, {"--mix", "storm"}, {"--processes", "1"},
                {"--threads", "x"}, {"--seeds", "0"}, {"--processes", "64", "--threads", "2"}}) {
            assertThat(run(args)).isEqualTo(2);
            assertThat(out).isEmpty();
            assertThat(err).startsWith("cowtable: ").contains(args[1]);
        }
    }
}
