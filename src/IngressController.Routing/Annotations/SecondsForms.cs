using System.Globalization;

namespace IngressController.Routing.Annotations;

/// <summary>The forms of times in seconds without a unit.</summary>
public static class SecondsForms
{
    /// <summary>The most that nginx accepts, 24 days: its timers have milliseconds of 32 bits.</summary>
    private const int Max = int.MaxValue / 1000;

    /// <summary>Whole seconds, as in ingress-nginx. It refuses <c>60s</c> silently; here the problem says what to write.</summary>
    public static ValueForm<TimeSpan> Whole { get; } = new($"a whole number of seconds without a unit, from 1 to {Max}", text =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seconds)
            ? Limited(seconds)
            : Refuse($"is not a whole number of seconds without a unit{Suggestion(text)}"));

    /// <summary>The same, of which 0 means no limit.</summary>
    public static ValueForm<TimeSpan> WholeOrNone { get; } = new($"{Whole.Description}; 0 means no limit", text => text == "0" ? TimeSpan.Zero : Whole.Read(text));

    /// <summary>Seconds of a setting, which options could always give with a fraction.</summary>
    public static ValueForm<TimeSpan> Fractional { get; } = new("a number of seconds without a unit, such as 60 or 0.5", text =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds)
            ? seconds is >= 0.001 and <= Max ? TimeSpan.FromSeconds(seconds) : Refuse($"is not from 0.001 to {Max} seconds")
            : Refuse($"is not a number of seconds without a unit{Suggestion(text)}"));

    private static Parsed<TimeSpan> Refuse(string problem) => ValueForm<TimeSpan>.Refuse(problem);

    private static Parsed<TimeSpan> Limited(long seconds) => seconds is >= 1 and <= Max
        ? TimeSpan.FromSeconds((int)seconds)
        : Refuse(seconds == 0 ? "is no time limit that works: write a large number, such as 86400 for a day" : $"is not between 1 and {Max}");

    /// <summary>The seconds that a time with a unit means.</summary>
    private static string Suggestion(string text) =>
        ValueForms.Duration.Read(text.Replace(" ", "", StringComparison.Ordinal).ToLowerInvariant()) is { Problem: null, Value: { Ticks: > 0 } time }
            ? string.Create(CultureInfo.InvariantCulture, $"; write {Math.Ceiling(time.TotalSeconds):0}")
            : "; write 60 for 60 seconds";
}
