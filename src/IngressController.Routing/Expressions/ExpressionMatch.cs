using System.Text.RegularExpressions;

namespace IngressController.Routing.Expressions;

/// <summary>The groups of an expression in a text.</summary>
public readonly struct ExpressionMatch
{
    private readonly Match _match;
    private readonly bool _isEncoded;

    internal ExpressionMatch(Match match, bool isEncoded)
    {
        _match = match;
        _isEncoded = isEncoded;
    }

    public bool IsMatch => _match is { Success: true };

    /// <summary>The text of a group; empty if the group, or the expression, does not match.</summary>
    public string Group(int number)
    {
        if (_match is not { Success: true })
            return "";
        var value = _match.Groups[number].ValueSpan;
        return _isEncoded ? ByteText.Decode(value) : value.ToString();
    }
}
