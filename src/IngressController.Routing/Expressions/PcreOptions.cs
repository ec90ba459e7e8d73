namespace IngressController.Routing.Expressions;

/// <summary>The options that an expression can change inside: <c>(?i)</c> and the like.</summary>
internal readonly record struct PcreOptions
{
    /// <summary>i</summary>
    public bool IgnoresCase { get; init; }

    /// <summary>m: ^ and $ match at line breaks.</summary>
    public bool IsMultiline { get; init; }

    /// <summary>s: a dot matches line breaks.</summary>
    public bool DotMatchesAll { get; init; }

    /// <summary>x: white space and comments are ignored.</summary>
    public bool IsExtended { get; init; }

    /// <summary>xx: in classes, too.</summary>
    public bool IsExtendedMore { get; init; }

    /// <summary>n: parentheses do not capture.</summary>
    public bool HasNoAutoCapture { get; init; }

    /// <summary>U: quantifiers are lazy, and greedy with a question mark.</summary>
    public bool IsUngreedy { get; init; }

    /// <summary>J: names may be repeated.</summary>
    public bool AllowsDuplicateNames { get; init; }

    /// <summary>Applies the letters between <c>(?</c> and <c>)</c> or <c>:</c>, such as <c>i-s</c>.</summary>
    public PcreOptions With(string letters)
    {
        var (options, value) = (this, true);
        var start = 0;
        if (letters.StartsWith('^'))
        {
            options = new PcreOptions { IsUngreedy = IsUngreedy, AllowsDuplicateNames = AllowsDuplicateNames };
            start = 1;
        }

        for (var i = start; i < letters.Length; i++)
        {
            if (letters[i] == '-' && value && start == 0)
            {
                value = false;
                continue;
            }

            var isDouble = letters[i] == 'x' && i + 1 < letters.Length && letters[i + 1] == 'x';
            options = letters[i] switch
            {
                'i' => options with { IgnoresCase = value },
                'm' => options with { IsMultiline = value },
                's' => options with { DotMatchesAll = value },
                'n' => options with { HasNoAutoCapture = value },
                'U' => options with { IsUngreedy = value },
                'J' => options with { AllowsDuplicateNames = value },
                'x' => options with { IsExtended = value, IsExtendedMore = value && isDouble },
                _ => throw new UnsupportedExpressionException($"(?{letters}) contains an unknown option"),
            };
            if (isDouble)
                i++;
        }

        return options;
    }
}
