using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace IngressController.Routing.Diagnostics;

/// <summary>
/// Text of tenants inside messages of the controller. A path may hold a line break and pass the API server; unescaped it would let
/// its author write lines of his own into the log.
/// </summary>
internal static partial class DiagnosticText
{
    /// <summary>An Event's message may have 1,024 bytes.</summary>
    private const int MaxMessage = 1_000;

    private const int MaxValue = 100;

    /// <summary>
    /// A value from an object, cut to what a message can carry. Messages become Events in the namespaces of tenants and lines of the log,
    /// which others read than those who may read the object: the password of a URL is not part of them.
    /// </summary>
    public static string Shorten(string? value) => Cut(Password().Replace(value ?? "", "://$1:[redacted]@"), MaxValue);

    /// <summary>In a URL; up to the last @, as it may hold one itself.</summary>
    [GeneratedRegex(@"://([^/?#@:\s]*):[^/?#\s]*@", RegexOptions.CultureInvariant)]
    private static partial Regex Password();

    /// <summary>The message without characters that control how it is shown, and not longer than an Event can carry.</summary>
    public static string Printable(string message)
    {
        if (message.Length <= MaxMessage && message.All(c => c is >= ' ' and < '\x7F'))
            return message;

        var text = new StringBuilder(message.Length);
        foreach (var rune in message.EnumerateRunes())
        {
            if (ControlsDisplay(rune))
                text.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}");
            else
                text.Append(rune.ToString());
        }

        return Cut(text.ToString(), MaxMessage);
    }

    private static bool ControlsDisplay(Rune rune) => Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;

    private static string Cut(string value, int max)
    {
        if (value.Length <= max)
            return value;
        var end = max - 3;
        return $"{value[..(char.IsHighSurrogate(value[end - 1]) ? end - 1 : end)]}...";
    }
}
