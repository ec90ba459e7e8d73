using System.Globalization;
using static IngressController.Routing.Expressions.ExpressionNode;

namespace IngressController.Routing.Expressions;

/// <summary>Quantifiers.</summary>
internal sealed partial class PcreParser
{
    private const int MaxRepeat = 65_535;

    /// <summary>The repetition that is written here, to apply to the item before it; null if there is none.</summary>
    private Func<ExpressionNode, ExpressionNode>? TryReadQuantifier()
    {
        int min;
        int? max;
        switch (Current)
        {
            case '*':
                (min, max) = (0, null);
                break;
            case '+':
                (min, max) = (1, null);
                break;
            case '?':
                (min, max) = (0, 1);
                break;
            case '{' when TryReadCounts() is var (least, most):
                (min, max) = (least, most);
                _at--;
                break;
            default:
                return null;
        }

        _at++;
        var isPossessive = TryRead('+');
        var isLazy = (!isPossessive && TryRead('?')) != _options.IsUngreedy;
        return item =>
        {
            var repeat = new Repeat(item, min, max, isLazy && !isPossessive);
            RefuseEmptyRounds(repeat);
            return isPossessive ? new Atomic(repeat) : repeat;
        };
    }

    /// <summary>Reads <c>{n}</c>, <c>{n,}</c> or <c>{n,m}</c>; anything else is a literal brace.</summary>
    private (int Min, int? Max)? TryReadCounts()
    {
        var end = _text.IndexOf('}', _at);
        if (end < 0)
            return null;
        var parts = _text[(_at + 1)..end].Split(',');
        if (parts is ["", { Length: > 0 } upper] && upper.All(char.IsAsciiDigit))
            throw new UnsupportedExpressionException($"contains {{,{upper}}}, which versions of PCRE2 read differently; write {{0,{upper}}}");
        if (parts.Length > 2 || parts[0].Length == 0 || !parts.All(part => part.All(char.IsAsciiDigit)))
            return null;
        var min = Count(parts[0]);
        int? max = parts.Length == 1 ? min : parts[1].Length == 0 ? null : Count(parts[1]);
        if (max < min)
            throw new UnsupportedExpressionException($"contains {_text[_at..(end + 1)]}, whose numbers are out of order");
        _at = end + 1;
        return (min, max);
    }

    private static int Count(string digits) =>
        int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count <= MaxRepeat
            ? count
            : throw new UnsupportedExpressionException($"repeats {digits} times; the most is {MaxRepeat}");

    /// <summary>
    /// .NET and PCRE leave a loop at different points when a round matches the empty text, except for greedy loops of greedy parts.
    /// </summary>
    private static void RefuseEmptyRounds(Repeat repeat)
    {
        if (repeat.Max is null or > 1 && TextLength.MayBeEmpty(repeat.Body)
            && (repeat.IsLazy || repeat.Body.All().Any(inner => inner is Repeat { IsLazy: true } or Atomic or Look or BackReference or Conditional)))
        {
            throw Unsupported("a repeated group that can match the empty text");
        }
    }
}
