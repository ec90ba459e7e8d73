using System.Globalization;

namespace IngressController.Routing.Expressions;

/// <summary>The named sets of PCRE, for bytes in the C locale.</summary>
internal static class ByteClasses
{
    public static ByteSet Digit { get; } = ByteSet.Range('0', '9');

    public static ByteSet Upper { get; } = ByteSet.Range('A', 'Z');

    public static ByteSet Lower { get; } = ByteSet.Range('a', 'z');

    public static ByteSet Alpha { get; } = Upper | Lower;

    public static ByteSet Alnum { get; } = Alpha | Digit;

    public static ByteSet Word { get; } = Alnum | ByteSet.Of('_');

    /// <summary>\s and [:space:].</summary>
    public static ByteSet Space { get; } = ByteSet.OfAll(" \t\n\v\f\r");

    /// <summary>\h.</summary>
    public static ByteSet HorizontalSpace { get; } = ByteSet.OfAll(" \t\u00A0");

    /// <summary>\v, which is no vertical tab as in .NET.</summary>
    public static ByteSet VerticalSpace { get; } = ByteSet.OfAll("\n\v\f\r\u0085");

    /// <summary>What (?x) ignores.</summary>
    public static ByteSet PatternSpace { get; } = Space | ByteSet.Of('\u0085');

    public static ByteSet NewLine { get; } = ByteSet.Of('\n');

    private static readonly Dictionary<string, ByteSet> Posix = new(StringComparer.Ordinal)
    {
        ["alnum"] = Alnum,
        ["alpha"] = Alpha,
        ["ascii"] = ByteSet.Range(0, 127),
        ["blank"] = ByteSet.OfAll(" \t"),
        ["cntrl"] = ByteSet.Range(0, 31) | ByteSet.Of(127),
        ["digit"] = Digit,
        ["graph"] = ByteSet.Range('!', '~'),
        ["lower"] = Lower,
        ["print"] = ByteSet.Range(' ', '~'),
        ["punct"] = ByteSet.Range('!', '~') & ~Alnum,
        ["space"] = Space,
        ["upper"] = Upper,
        ["word"] = Word,
        ["xdigit"] = Digit | ByteSet.Range('A', 'F') | ByteSet.Range('a', 'f'),
    };

    /// <summary>The set of <c>[:name:]</c>; null if there is none. Where case is ignored, upper and lower are alpha.</summary>
    public static ByteSet? OfPosix(string name, bool ignoreCase) =>
        ignoreCase && name is "upper" or "lower" ? Alpha : Posix.TryGetValue(name, out var set) ? set : null;

    /// <summary>The set of <c>\d</c> and the like; null if the letter is none of them.</summary>
    public static ByteSet? OfEscape(char letter) => letter switch
    {
        'd' => Digit,
        'D' => ~Digit,
        'w' => Word,
        'W' => ~Word,
        's' => Space,
        'S' => ~Space,
        'h' => HorizontalSpace,
        'H' => ~HorizontalSpace,
        'v' => VerticalSpace,
        'V' => ~VerticalSpace,
        _ => null,
    };

    /// <summary>The bytes that are, as code points, of a general category such as L or Nd; null if there is no such category.</summary>
    public static ByteSet? OfCategory(string name)
    {
        if (name == "Any")
            return ByteSet.All;
        var set = ByteSet.Empty;
        var exists = "CLMNPSZ".Contains(name[0]) && name.Length == 1;
        foreach (var category in Enum.GetValues<UnicodeCategory>())
        {
            var code = Code(category);
            if (code != name && (name.Length != 1 || code[0] != name[0]))
                continue;
            exists = true;
            for (var value = 0; value < 256; value++)
            {
                if (CharUnicodeInfo.GetUnicodeCategory((char)value) == category)
                    set |= ByteSet.Of(value);
            }
        }

        return exists ? set : null;
    }

    private static string Code(UnicodeCategory category) => category switch
    {
        UnicodeCategory.UppercaseLetter => "Lu",
        UnicodeCategory.LowercaseLetter => "Ll",
        UnicodeCategory.TitlecaseLetter => "Lt",
        UnicodeCategory.ModifierLetter => "Lm",
        UnicodeCategory.OtherLetter => "Lo",
        UnicodeCategory.NonSpacingMark => "Mn",
        UnicodeCategory.SpacingCombiningMark => "Mc",
        UnicodeCategory.EnclosingMark => "Me",
        UnicodeCategory.DecimalDigitNumber => "Nd",
        UnicodeCategory.LetterNumber => "Nl",
        UnicodeCategory.OtherNumber => "No",
        UnicodeCategory.SpaceSeparator => "Zs",
        UnicodeCategory.LineSeparator => "Zl",
        UnicodeCategory.ParagraphSeparator => "Zp",
        UnicodeCategory.Control => "Cc",
        UnicodeCategory.Format => "Cf",
        UnicodeCategory.Surrogate => "Cs",
        UnicodeCategory.PrivateUse => "Co",
        UnicodeCategory.ConnectorPunctuation => "Pc",
        UnicodeCategory.DashPunctuation => "Pd",
        UnicodeCategory.OpenPunctuation => "Ps",
        UnicodeCategory.ClosePunctuation => "Pe",
        UnicodeCategory.InitialQuotePunctuation => "Pi",
        UnicodeCategory.FinalQuotePunctuation => "Pf",
        UnicodeCategory.OtherPunctuation => "Po",
        UnicodeCategory.MathSymbol => "Sm",
        UnicodeCategory.CurrencySymbol => "Sc",
        UnicodeCategory.ModifierSymbol => "Sk",
        UnicodeCategory.OtherSymbol => "So",
        _ => "Cn",
    };
}
