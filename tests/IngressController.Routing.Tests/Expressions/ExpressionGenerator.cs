using System.Globalization;

namespace IngressController.Routing.Tests.Expressions;

/// <summary>Random expressions and texts over a small alphabet, so that many of them match.</summary>
internal sealed class ExpressionGenerator(int seed)
{
    private static readonly string[] Atoms =
    [
        "a", "b", "A", "Z", "k", "1", "/", "-", "_", " ", ".", "\\.", "\\_", "\\-", "\\/", "\\w", "\\W", "\\d", "\\D", "\\s", "\\S", "\\h", "\\H", "\\v", "\\V",
        "\\N", "\\R", "\\n", "\\t", "\\x41", "\\x{61}", "\\141", "\\o{142}", "\\cA", "\\e", "\\Qa.b\\E", "\\Q|\\E", "\u00E9", "\u00C3", "\u00E3", "\\xe9",
        "\\p{L}", "\\pN", "\\P{L}", "\\p{^Nd}", "\\C", "(?#note)", "#", "{", "}", "]", "{a}", "{,b", "\\E", ",", "\\@", "\u0085", "\u00A0", "\u00B5", "\u00AA",
    ];

    private static readonly string[] Classes =
    [
        "[ab]", "[^ab]", "[a-c]", "[^a-c]", "[[:alnum:]]", "[[:alpha:]]+", "[[:^alpha:]]", "[^[:digit:]]", "[[:space:]_]", "[[:upper:]]", "[[:lower:]]",
        "[[:^upper:]]", "[[:punct:]]", "[[:word:]]", "[[:xdigit:]]", "[[:cntrl:]]", "[[:graph:]]", "[[:print:]]", "[[:blank:]]", "[[:ascii:]]", "[\\w.]",
        "[^\\W]", "[\\d\\s]", "[\\h/]", "[\\v]", "[]a]", "[^]a]", "[a\\]b]", "[a-z-[aeiou]]", "[a-z&&[b]]", "[\\b]", "[\\x41-\\x43]", "[\\Qa-c\\E]", "[+--]", "[a-c-e]",
        "[Z-a]", "[@-_]", "[\u00E0-\u00EF]", "[^\u00E9]", "[\\p{L}]", "[\\P{Lu}1]", "[\\141b]", "[\\8]", "[[:alpha]", "[a[:b]", "[.-0]", "[^\\s\\S]", "[\\s\\S]", "[\\E]a]", "[-a]", "[a-]",
    ];

    private static readonly string[] Anchors = ["^", "$", "\\A", "\\z", "\\Z", "\\b", "\\B", "\\G", "(?=a)", "(?!a)", "(?<=a)", "(?<!b)", "(?<=ab|b1)", "(?<!\\w)", "(?=(a))", "(?![[:digit:]])"];

    private static readonly string[] Options = ["(?i)", "(?-i)", "(?s)", "(?m)", "(?x)", "(?xx)", "(?U)", "(?n)", "(?^)", "(?im-s)", "(?J)"];

    private static readonly string[] Quantifiers = ["*", "+", "?", "*?", "+?", "??", "*+", "++", "?+", "{2}", "{1,2}", "{0,2}?", "{1,}", "{2}+", "{0}", "{1,2}+"];

    private static readonly string[] References = ["\\1", "\\2", "\\g1", "\\g{1}", "\\g{-1}", "\\k<n>", "\\k{n}", "\\k'n'", "(?P=n)", "(?(1)a|b)", "(?(1)a)", "(?(<n>)a|b)", "\\12", "\\g{n}"];

    private static readonly string[] Refused = ["(?R)", "(?1)", "\\X", "\\j", "(*FAIL)", "(?C1)", "(?&n)", "[z-a]", "a**", "(?<=a+)", "[[:foo:]]", "[:alpha:]", "\\x{100}", "\\9", "(", ")", "[", "(?", "\\"];

    private readonly Random _random = new(seed);

    public (string Pattern, bool IgnoresCase, string[] Texts) Next() =>
        (Alternatives(3), _random.Next(2) == 0, [.. Enumerable.Range(0, 6).Select(_ => Text())]);

    private string Alternatives(int depth) =>
        string.Join('|', Enumerable.Range(0, _random.Next(5) == 0 ? 2 : 1).Select(_ => Sequence(depth)));

    private string Sequence(int depth) => string.Concat(Enumerable.Range(0, _random.Next(1, 5)).Select(_ => Item(depth)));

    private string Item(int depth) => _random.Next(100) switch
    {
        < 40 => Of(Atoms) + Quantifier(),
        < 60 => Of(Classes) + Quantifier(),
        < 82 when depth > 0 => Group(depth - 1) + Quantifier(),
        < 88 => Of(Anchors),
        < 92 => Of(Options),
        < 97 => Of(References) + Quantifier(),
        97 => Of(Refused),
        _ => Of(Atoms),
    };

    private string Group(int depth) => _random.Next(12) switch
    {
        < 5 => $"({Alternatives(depth)})",
        5 => $"(?<n>{Alternatives(depth)})",
        6 => $"(?P<n{_random.Next(9).ToString(CultureInfo.InvariantCulture)}>{Alternatives(depth)})",
        7 => $"(?'m'{Alternatives(depth)})",
        8 => $"(?>{Alternatives(depth)})",
        9 => $"(?|{Alternatives(depth)}|(b)|(a)(1))",
        10 => $"(?i:{Alternatives(depth)})",
        _ => $"(?:{Alternatives(depth)})",
    };

    private string Quantifier() => _random.Next(3) == 0 ? Of(Quantifiers) : "";

    private string Text()
    {
        const string letters = "aaabbbABZzkK1/-_ .\n\tc|[]@#{}e\u00E9\u00C9\u00C3\u00B5\u0085\u00A0\r";
        return string.Concat(Enumerable.Range(0, _random.Next(1, 9)).Select(_ => letters[_random.Next(letters.Length)]));
    }

    private string Of(string[] values) => values[_random.Next(values.Length)];
}
