using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace IngressController.Routing.Tests.Expressions;

/// <summary>The reference: pcre2test, from Debian's pcre2-utils.</summary>
internal static class Pcre2Test
{
    /// <summary>What PCRE2 says of an expression.</summary>
    /// <param name="Error">The error of an expression that does not compile; else null.</param>
    /// <param name="Matches">For each text, the groups from 0 on, null where unset; null without a match.</param>
    public sealed record Verdict(string? Error, IReadOnlyList<string?[]?> Matches);

    public static IReadOnlyList<Verdict> Run(IReadOnlyList<(string Pattern, bool IgnoresCase, string[] Texts)> cases)
    {
        var input = new StringBuilder();
        foreach (var (pattern, ignoresCase, texts) in cases)
        {
            input.Append(CultureInfo.InvariantCulture, $"/{Hex(pattern)}/hex,allcaptures,no_start_optimize,no_auto_possess{(ignoresCase ? ",caseless" : "")}\n");
            foreach (var text in texts)
                input.Append(CultureInfo.InvariantCulture, $"    {string.Concat(text.Select(c => $"\\x{(int)c:x2}"))}\\=\n");
            input.Append('\n');
        }

        return Read(Start(input.ToString()), cases);
    }

    private static string[] Start(string input)
    {
        using var process = Process.Start(new ProcessStartInfo("pcre2test", "-q") { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEndAsync();
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return output.Result.Split('\n');
    }

    private static List<Verdict> Read(string[] lines, IReadOnlyList<(string Pattern, bool IgnoresCase, string[] Texts)> cases)
    {
        var verdicts = new List<Verdict>();
        var at = 0;
        foreach (var (_, _, texts) in cases)
        {
            while (!lines[at].StartsWith('/'))
                at++;
            at++;
            if (lines[at].StartsWith("Failed: error", StringComparison.Ordinal))
            {
                verdicts.Add(new Verdict(lines[at], []));
                continue;
            }

            var matches = new List<string?[]?>();
            foreach (var _ in texts)
            {
                while (!lines[at].StartsWith("    ", StringComparison.Ordinal))
                    at++;
                at++;
                if (lines[at] == "No match" || lines[at].StartsWith("Failed: error", StringComparison.Ordinal))
                {
                    matches.Add(null);
                    continue;
                }

                var groups = new List<string?>();
                for (; lines[at] is [_, _, ':', ..]; at++)
                    groups.Add(lines[at][4..] == "<unset>" ? null : Unescape(lines[at][4..]));
                matches.Add([.. groups]);
            }

            verdicts.Add(new Verdict(null, matches));
        }

        return verdicts;
    }

    private static string Hex(string pattern) => string.Concat(pattern.Select(c => ((int)c).ToString("x2", CultureInfo.InvariantCulture)));

    private static string Unescape(string text)
    {
        var result = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\' && i + 3 < text.Length && text[i + 1] == 'x')
            {
                result.Append((char)int.Parse(text.AsSpan(i + 2, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
                i += 3;
            }
            else
            {
                result.Append(text[i]);
            }
        }

        return result.ToString();
    }
}
