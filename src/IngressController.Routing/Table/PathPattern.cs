using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace IngressController.Routing.Table;

/// <summary>
/// Paths as regular expressions. They run without backtracking, in time linear to the request; what needs backtracking (look-arounds, back
/// references) runs with a limit instead, so that no pattern can stall a request.
/// </summary>
public static class PathPattern
{
    /// <summary>How long a pattern that backtracks may take; a request it takes longer for is answered 503.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromMilliseconds(20);

    /// <summary>Longer ones cost memory and are nobody's path.</summary>
    private const int Longest = 1_000;

    private const RegexOptions Options = RegexOptions.IgnoreCase | RegexOptions.CultureInvariant;

    /// <summary>
    /// The pattern of a path as a rule writes it: requests are matched decoded, one char per byte, so its escapes are decoded and its
    /// characters outside ASCII become the bytes of their UTF-8 form.
    /// </summary>
    public static string Of(string path)
    {
        if (path.All(c => c is < '\x7F' and not '%'))
            return path;
        var pattern = new StringBuilder(path.Length);
        for (var i = 0; i < path.Length; i++)
        {
            if (path[i] == '%' && i + 2 < path.Length && byte.TryParse(path.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var octet))
            {
                pattern.Append(Regex.Escape(((char)octet).ToString()));
                i += 2;
            }
            else if (path[i] < '\x7F')
            {
                pattern.Append(path[i]);
            }
            else
            {
                var length = char.IsHighSurrogate(path[i]) && i + 1 < path.Length ? 2 : 1;
                foreach (var unit in Encoding.UTF8.GetBytes(path.Substring(i, length)))
                    pattern.Append((char)unit);
                i += length - 1;
            }
        }

        return pattern.ToString();
    }

    /// <summary>Compiles a pattern, compared without regard to case; null with a reason when it is none.</summary>
    public static Regex? Compile(string pattern, out string problem)
    {
        problem = "";
        if (pattern.Length > Longest)
        {
            problem = $"is longer than {Longest} characters";
            return null;
        }

        try
        {
            return new Regex(pattern, Options | RegexOptions.NonBacktracking);
        }
        catch (NotSupportedException)
        {
            return new Regex(pattern, Options, Limit);
        }
        catch (ArgumentException error)
        {
            problem = error.Message;
            return null;
        }
    }
}
