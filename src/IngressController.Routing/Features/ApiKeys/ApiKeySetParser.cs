using System.Text;
using IngressController.Routing.Cluster;
using k8s.Models;

namespace IngressController.Routing.Features.ApiKeys;

/// <summary>The keys of a Secret.</summary>
/// <param name="Keys">The keys; null when none is usable.</param>
/// <param name="Problems">The clients whose keys are not usable, with the reason and without the keys.</param>
internal sealed record ParsedApiKeys(ApiKeySet? Keys, EquatableArray<string> Problems);

/// <summary>Reads the keys of clients from a Secret: each key of its data is a client, its value the client's key.</summary>
internal static class ApiKeySetParser
{
    /// <summary>The first ones are enough.</summary>
    private const int MaxReported = 8;

    public static ParsedApiKeys Parse(V1Secret secret)
    {
        var (keys, problems, clients) = (new Dictionary<string, string>(StringComparer.Ordinal), new List<string>(), new Dictionary<string, string>(StringComparer.Ordinal));
        var names = (secret.Data?.Keys ?? Enumerable.Empty<string>()).Concat(secret.StringData?.Keys ?? Enumerable.Empty<string>());
        foreach (var client in names.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            // No field value begins or ends with white space, which files often end with.
            var key = Text(secret, client).Trim(' ', '\t', '\r', '\n');
            if (Problem(key) is { } problem)
                problems.Add($"data[{client}] {problem}");
            else if (!clients.TryAdd(key, client))
                problems.Add($"data[{client}] is the key of {clients[key]} too");
            else
                keys.Add(client, key);
        }

        return new(keys.Count > 0 ? new ApiKeySet(keys) : null, [.. problems.Take(MaxReported)]);
    }

    private static string? Problem(string key) =>
        key.Length == 0 ? "is empty"
        : key.Length > ApiKeySet.MaxKeyLength ? $"is longer than {ApiKeySet.MaxKeyLength} characters"
        : key.AsSpan().ContainsAnyExceptInRange(' ', '~') ? "contains a character that is not printable ASCII"
        : null;

    private static string Text(V1Secret secret, string client) =>
        secret.StringData?.Find(client) ?? (secret.Data?.Find(client) is { } bytes ? Encoding.Latin1.GetString(bytes) : "");
}
