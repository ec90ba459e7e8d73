using IngressController.Routing.Table;

namespace IngressController.Views;

/// <param name="Name">The name of the policy.</param>
/// <param name="Values">The values that apply; secrets are redacted.</param>
internal sealed record PolicyEntry(string Name, string Values)
{
    private const string Suffix = "Policy";

    /// <summary>Policies are records, and those that hold secrets print them as [redacted].</summary>
    public static PolicyEntry Of(RoutePolicy policy)
    {
        var (name, text) = (policy.GetType().Name, policy.ToString());
        // A record without values prints as its name and a pair of braces.
        var values = text == $"{name} {{ }}" ? "" : text.StartsWith($"{name} {{ ", StringComparison.Ordinal) ? text[(name.Length + 3)..^2] : text;
        return new PolicyEntry(name.EndsWith(Suffix, StringComparison.Ordinal) ? name[..^Suffix.Length] : name, values.Trim());
    }
}
