using System.Buffers;

namespace IngressController.Routing.Values;

/// <summary>The syntax of methods, header names and cookie names (RFC 9110, 5.6.2).</summary>
public static class HttpToken
{
    private static readonly SearchValues<char> Characters =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    public static bool IsToken(ReadOnlySpan<char> text) => !text.IsEmpty && !text.ContainsAnyExcept(Characters);
}
