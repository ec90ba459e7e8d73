using System.Text;
using System.Text.RegularExpressions;

namespace IngressController.Routing.Expressions;

/// <summary>
/// An expression ready to match. Linear ones cannot be slow by backtracking; the others have the time limit, and one that has hit it becomes
/// linear from then on, if it can: that takes a thousand times longer to build, so it is built only where it is needed. The limit applies to
/// both: a linear automaton can have many states.
/// </summary>
public sealed class CompiledExpression
{
    private const RegexOptions Backtracking = RegexOptions.CultureInvariant;
    private const RegexOptions Linear = RegexOptions.CultureInvariant | RegexOptions.NonBacktracking;

    private readonly Expression _expression;
    private readonly TimeSpan _limit;
    private readonly Regex _backtracking;
    private volatile Regex _regex;

    private CompiledExpression(Expression expression, TimeSpan limit, bool isLinear)
    {
        _expression = expression;
        _limit = limit;
        _backtracking = new Regex(expression.Pattern, Backtracking, limit);
        _regex = isLinear && MakeLinear() is { } linear ? linear : _backtracking;
    }

    /// <summary>Compiles for many texts: cheap to build, fast, and linear only after the limit was hit.</summary>
    public static CompiledExpression Compile(Expression expression, TimeSpan limit) => new(expression, limit, isLinear: false);

    /// <summary>Compiles for hostile texts: linear from the start, if it can be.</summary>
    public static CompiledExpression CompileLinear(Expression expression, TimeSpan limit) => new(expression, limit, isLinear: true);

    /// <summary>True if the expression matches anywhere in a text of bytes, one per character.</summary>
    /// <exception cref="RegexMatchTimeoutException">The match hit the time limit; the result is unknown.</exception>
    public bool IsMatch(ReadOnlySpan<char> bytes)
    {
        if (!Ascii.IsValid(bytes))
            bytes = ByteText.Encode(bytes);
        var regex = _regex;
        try
        {
            return regex.IsMatch(bytes);
        }
        catch (RegexMatchTimeoutException) when (BecomesLinear(regex))
        {
            return _regex.IsMatch(bytes);
        }
    }

    /// <summary>The first match in a text of bytes, one per character.</summary>
    /// <exception cref="RegexMatchTimeoutException">The match hit the time limit; the result is unknown.</exception>
    public ExpressionMatch Match(string bytes)
    {
        var isEncoded = !Ascii.IsValid(bytes);
        if (isEncoded)
            bytes = ByteText.Encode(bytes);
        // .NET's linear matcher loses groups in texts with line breaks.
        var regex = bytes.Contains('\n') ? _backtracking : _regex;
        try
        {
            return new ExpressionMatch(regex.Match(bytes), isEncoded);
        }
        catch (RegexMatchTimeoutException) when (!bytes.Contains('\n') && BecomesLinear(regex))
        {
            return new ExpressionMatch(_regex.Match(bytes), isEncoded);
        }
    }

    private bool BecomesLinear(Regex timedOut)
    {
        if (timedOut.Options.HasFlag(RegexOptions.NonBacktracking) || MakeLinear() is not { } linear)
            return false;
        _regex = linear;
        return true;
    }

    /// <summary>Returns null if the expression needs backtracking, or if its automaton would be too large.</summary>
    private Regex? MakeLinear()
    {
        if (_expression.NeedsBacktracking)
            return null;
        try
        {
            return new Regex(_expression.Pattern, Linear, _limit);
        }
        catch (NotSupportedException)
        {
            return null;
        }
    }
}
