namespace IngressController.Routing.Expressions;

/// <summary>The text with which everything begins that an expression can match, even if the expression cannot be read.</summary>
public static class LiteralStart
{
    /// <summary>The text, ignoring case; empty if it is unknown.</summary>
    public static string Of(string expression) => MayHaveBranches(expression) ? "" : Plain(expression);

    private static string Plain(string expression)
    {
        var length = 0;
        while (length < expression.Length && (char.IsAsciiLetterOrDigit(expression[length]) || "/-_~,;:=@!%&".Contains(expression[length])))
            length++;
        // A quantifier may make the last character optional.
        if (length < expression.Length && length > 0 && "*?{".Contains(expression[length]))
            length--;
        return expression[..length];
    }

    /// <summary>True if there may be branches outside all parentheses: the expression then has no common start.</summary>
    private static bool MayHaveBranches(string expression)
    {
        if (!expression.Contains('|'))
            return false;
        // Quoted text and comments may hold parentheses that are none.
        if (expression.Contains("\\Q", StringComparison.Ordinal) || expression.Contains('#'))
            return true;
        var depth = 0;
        for (var i = 0; i < expression.Length; i++)
        {
            switch (expression[i])
            {
                case '\\':
                    i++;
                    break;
                case '[':
                    // Where a class ends is unknown if it cannot be read.
                    return true;
                case '(':
                    depth++;
                    break;
                case ')':
                    depth--;
                    break;
                case '|' when depth == 0:
                    return true;
            }

            if (depth < 0)
                return true;
        }

        return depth != 0;
    }
}
