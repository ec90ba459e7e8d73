using System.Text;
using IngressController.Routing.Cluster;
using k8s.Models;

namespace IngressController.Routing.Features.Authentication;

/// <summary>The form of users in a Secret (auth-secret-type).</summary>
public enum CredentialForm
{
    /// <summary>The key <c>auth</c> holds an htpasswd file: <c>user:hash</c> lines.</summary>
    AuthFile,

    /// <summary>Each key is a user, its value the hash.</summary>
    AuthMap,
}

/// <summary>The users of a Secret.</summary>
/// <param name="Users">The users; null when the Secret holds nothing usable.</param>
/// <param name="Problem">The reason why there are no users; null when there are.</param>
/// <param name="UserProblems">
/// The users that cannot log in, by line or key, with the reason and without their content. Other users are not affected.
/// </param>
public sealed record ParsedCredentials(CredentialSet? Users, string? Problem, EquatableArray<string> UserProblems);

/// <summary>Reads users from a Secret by the rules of nginx's auth_basic_user_file.</summary>
public static class CredentialSetParser
{
    private const string FileKey = "auth";

    /// <summary>A file that is no htpasswd file has thousands of invalid lines; the first ones are enough.</summary>
    private const int MaxReported = 8;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static ParsedCredentials Parse(V1Secret secret, CredentialForm form) =>
        form == CredentialForm.AuthFile ? ParseFile(secret) : ParseMap(secret);

    private static ParsedCredentials ParseFile(V1Secret secret)
    {
        if (!TryDecode(secret, FileKey, out var text))
            return Refused($"data[{FileKey}] is not UTF-8");
        if (text.Length == 0)
            return Refused($"data[{FileKey}] is missing or empty");

        var users = new UserCollector();
        var number = 0;
        foreach (var range in text.AsSpan().Split('\n'))
        {
            number++;
            ReadLine(text.AsSpan(range), $"data[{FileKey}] line {number}", users);
        }

        return users.Finish($"data[{FileKey}] has no users");
    }

    private static void ReadLine(ReadOnlySpan<char> line, string place, UserCollector users)
    {
        // As in nginx: a comment begins in the first column, and the hash ends at a carriage return or a second colon.
        if (line.IsWhiteSpace() || line[0] is '#' or '\r')
            return;
        var colon = line.IndexOf(':');
        if (colon < 0)
        {
            users.AddUnreadable($"{place} is not user:hash");
            return;
        }

        var rest = line[(colon + 1)..];
        var end = rest.IndexOfAny(':', '\r');
        users.Add(line[..colon].ToString(), (end < 0 ? rest : rest[..end]).ToString(), place);
    }

    private static ParsedCredentials ParseMap(V1Secret secret)
    {
        var users = new UserCollector();
        var keys = (secret.StringData?.Keys ?? Enumerable.Empty<string>()).Concat(secret.Data?.Keys ?? Enumerable.Empty<string>());
        foreach (var user in keys.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            var place = $"data[{user}]";
            if (!TryDecode(secret, user, out var text))
                users.AddUnreadable($"{place} is not UTF-8");
            // ingress-nginx writes key:value lines for nginx, where a second line would be another user.
            else if (text.TrimEnd('\r', '\n') is var hash && hash.AsSpan().ContainsAny('\r', '\n'))
                users.AddUnreadable($"{place} has more than one line");
            else
                users.Add(user, hash.IndexOf(':') is >= 0 and var colon ? hash[..colon] : hash, place);
        }

        return users.Finish("data is empty; each key is a user name");
    }

    /// <summary>The value of a key; empty when there is none.</summary>
    private static bool TryDecode(V1Secret secret, string key, out string text)
    {
        text = secret.StringData?.Find(key) ?? "";
        if (text.Length > 0 || secret.Data?.Find(key) is not { } bytes)
            return true;
        try
        {
            text = StrictUtf8.GetString(bytes);
            return true;
        }
        catch (DecoderFallbackException)
        {
            return false;
        }
    }

    private static ParsedCredentials Refused(string problem) => new(null, problem, []);

    private sealed class UserCollector
    {
        private readonly Dictionary<string, PasswordHash?> _users = new(StringComparer.Ordinal);
        private readonly List<string> _problems = [];
        private int _unreported;

        public void AddUnreadable(string problem)
        {
            if (_problems.Count < MaxReported)
                _problems.Add(problem);
            else
                _unreported++;
        }

        public void Add(string user, string hashText, string place)
        {
            // RFC 7617, 2: neither a colon nor a control character can be sent in a user name.
            if (user.Length == 0 || user.Contains(':') || user.Any(char.IsControl))
            {
                AddUnreadable($"{place} has a user name that is empty or contains a colon or a control character");
                return;
            }

            // nginx takes the first line of a user, even if no one can log in with it.
            if (_users.ContainsKey(user))
            {
                AddUnreadable($"{place} repeats a user; the first entry applies");
                return;
            }

            if (!PasswordHash.TryParse(hashText, out var hash, out var problem))
                AddUnreadable($"{place} {problem}");
            _users.Add(user, hash);
        }

        public ParsedCredentials Finish(string problemOfNone)
        {
            if (_unreported > 0)
                _problems.Add($"and {_unreported} more");
            var usable = _users.Where(user => user.Value is not null).Select(user => KeyValuePair.Create(user.Key, user.Value!));
            return _users.Count == 0
                ? new(null, problemOfNone, [.. _problems])
                : new(new CredentialSet(usable), null, [.. _problems]);
        }
    }
}
