using System.Globalization;

namespace IngressController.Routing.Annotations;

/// <summary>Forms shared by many values, as in ingress-nginx.</summary>
public static class ValueForms
{
    /// <summary>A boolean as in Go's strconv.ParseBool: <c>yes</c> and <c>on</c> are none.</summary>
    public static ValueForm<bool> Boolean { get; } = new("true or false", text => text switch
    {
        "1" or "t" or "T" or "TRUE" or "true" or "True" => true,
        "0" or "f" or "F" or "FALSE" or "false" or "False" => false,
        _ => ValueForm<bool>.Refuse("is neither true nor false"),
    });

    public static ValueForm<bool> OnOff { get; } = new("on or off", text => text switch
    {
        "on" => true,
        "off" => false,
        _ => ValueForm<bool>.Refuse("is neither on nor off"),
    });

    /// <summary>Any text.</summary>
    public static ValueForm<string> Text { get; } = new("text", text => text);

    /// <summary>A size in bytes: <c>8k</c>, <c>1m</c>, <c>2g</c>; 0 often means no limit.</summary>
    public static ValueForm<long> Size { get; } = new("a size in bytes, or with the suffix k, m or g", text =>
    {
        var unit = char.ToLowerInvariant(text[^1]) switch { 'k' => 1L << 10, 'm' => 1L << 20, 'g' => 1L << 30, 'b' => 1L, _ => 0L };
        var digits = unit == 0 ? text : text[..^1];
        return long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= long.MaxValue / Math.Max(unit, 1)
            ? number * Math.Max(unit, 1)
            : ValueForm<long>.Refuse("is not a size such as 8k, 1m or 2g");
    });

    /// <summary>Comma-separated names; white space, empty names and line breaks are ignored.</summary>
    public static ValueForm<EquatableArray<string>> List { get; } = new("a comma-separated list", text =>
        new EquatableArray<string>([.. text.Split([',', '\n', '\r'], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)]))
    {
        AllowsLines = true,
    };

    /// <summary>An object of the Ingress's own namespace; a name alone has an empty namespace. Another namespace is read and then refused.</summary>
    public static ValueForm<ResourceName> OwnObject(string kind) => new($"the name of a {kind} in the namespace of the Ingress, optionally as NAMESPACE/NAME", text =>
        ResourceName.TryParse(text, out var name) ? name
        : text.Contains('/') ? ValueForm<ResourceName>.Refuse("is neither a name nor NAMESPACE/NAME")
        : new ResourceName("", text));

    /// <summary>A whole number without unit.</summary>
    public static ValueForm<int> Integer(int min, int max = int.MaxValue) => new(
        max == int.MaxValue ? $"a whole number, at least {min}" : $"a whole number from {min} to {max}",
        text => !int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? ValueForm<int>.Refuse("is not a whole number; write it without a unit")
            : number < min || number > max ? ValueForm<int>.Refuse($"is not {(max == int.MaxValue ? $"at least {min}" : $"between {min} and {max}")}") : number);

    /// <summary>A time as in nginx: <c>500ms</c>, <c>60s</c>, <c>1h</c>; a number without unit is seconds.</summary>
    public static ValueForm<TimeSpan> Duration { get; } = new("a time such as 500ms, 60s, 5m or 1h; a number is seconds", text =>
    {
        var digits = text.TakeWhile(char.IsAsciiDigit).Count();
        var unit = text[digits..] switch { "ms" => 1, "" or "s" => 1000, "m" => 60_000, "h" => 3_600_000, "d" => 86_400_000, _ => 0 };
        return unit > 0 && int.TryParse(text.AsSpan(0, digits), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && (long)number * unit <= int.MaxValue
            ? TimeSpan.FromMilliseconds((long)number * unit)
            : ValueForm<TimeSpan>.Refuse("is not a time such as 500ms, 60s, 5m or 1h, of at most 24 days");
    });

    /// <summary>One of a few words, case-insensitive.</summary>
    public static ValueForm<T> OneOf<T>(params (string Word, T Value)[] words) => new(
        string.Join(", ", words.Select(word => word.Word)),
        text =>
        {
            foreach (var (word, value) in words)
            {
                if (word.Equals(text, StringComparison.OrdinalIgnoreCase))
                    return value;
            }

            return ValueForm<T>.Refuse($"is not one of {string.Join(", ", words.Select(word => word.Word))}");
        });
}
