using System.Globalization;
using System.Text.RegularExpressions;
using IngressController.Routing.Expressions;
using Xunit.Abstractions;

namespace IngressController.Routing.Tests.Expressions;

/// <summary>An expression matches what it matches in PCRE2, with the same groups, or it is refused.</summary>
public sealed class PcreAgreementTests(ITestOutputHelper output)
{
    private const int Cases = 10_000;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Generated_expressions_match_as_in_PCRE(int seed)
    {
        var generator = new ExpressionGenerator(seed);
        var cases = Enumerable.Range(0, Cases).Select(_ => generator.Next()).ToArray();
        var verdicts = Pcre2Test.Run(cases);
        var differences = new List<string>();
        var (compared, refused, more, undecided) = (0, 0, 0, 0);
        for (var i = 0; i < cases.Length; i++)
        {
            var (pattern, ignoresCase, texts) = cases[i];
            var expression = Parse(pattern, ignoresCase, out var problem);
            if (expression is null)
            {
                Assert.NotEmpty(problem);
                refused += verdicts[i].Error is null ? 1 : 0;
            }
            else if (verdicts[i].Error is { } error)
            {
                more++;
                if (!error.Contains("error 150", StringComparison.Ordinal))
                    differences.Add($"{pattern}: {error}");
            }
            else
            {
                compared++;
                try
                {
                    for (var text = 0; text < texts.Length; text++)
                        Compare(expression, pattern, texts[text], verdicts[i].Matches[text], differences);
                }
                catch (RegexMatchTimeoutException)
                {
                    undecided++;
                }
            }
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{compared} compared, {refused} refused that PCRE takes, {more} taken that PCRE refuses, {undecided} timed out"));
        Assert.True(differences.Count == 0, $"{differences.Count} differences:\n{string.Join('\n', differences.OrderBy(line => line.Length).Take(40))}");
        Assert.True(compared > Cases / 2 && refused < Cases / 10 && undecided < 20, $"{compared} compared, {refused} refused");
    }

    // The generator writes bytes; the parser reads text in UTF-8.
    private static Expression? Parse(string bytes, bool ignoresCase, out string problem) => Expression.TryParseBytes(bytes, ignoresCase, out problem);

    private static void Compare(Expression expression, string pattern, string text, string?[]? expected, List<string> differences)
    {
        foreach (var compiled in new[] { CompiledExpression.Compile(expression, Limit), CompiledExpression.CompileLinear(expression, Limit) })
        {
            var match = compiled.Match(text);
            var actual = match.IsMatch ? string.Join('\u00B7', Enumerable.Range(1, expression.Groups).Select(match.Group)) : "no match";
            var wanted = expected is null ? "no match" : string.Join('\u00B7', expected.Skip(1).Select(group => group ?? ""));
            if (actual != wanted || match.IsMatch != compiled.IsMatch(text))
                differences.Add($"{Show(pattern)} as {expression.Pattern} in \"{Show(text)}\": {Show(actual)}, PCRE {Show(wanted)}");
        }
    }

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);

    private static string Show(string text) => string.Concat(text.Select(c => c is >= ' ' and < '\x7F' ? c.ToString() : $"<{(int)c:x2}>"));
}
