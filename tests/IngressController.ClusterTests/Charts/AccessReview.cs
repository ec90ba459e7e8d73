using System.Net.Http.Json;
using System.Text.Json.Nodes;
using IngressController.ClusterTests.Fixture;

namespace IngressController.ClusterTests.Charts;

/// <summary>
/// A permission that a user has or lacks, as text: <c>get secrets in team-a</c>, <c>patch ingresses.networking.k8s.io/status</c>, <c>get
/// secrets/wildcard in certificates</c>.
/// </summary>
/// <param name="Allowed">True if it should be allowed.</param>
/// <param name="Text">Verb, resource (with group, and after a slash the name of one object), and namespace; no namespace means all.</param>
internal sealed record AccessReview(bool Allowed, string Text)
{
    /// <summary>Returns the reviews with another result, as "allowed: ..." or "denied: ...".</summary>
    public static async Task<string[]> DifferencesAsync(ClusterClient client, string user, IEnumerable<AccessReview> reviews)
    {
        var differences = new List<string>();
        foreach (var review in reviews)
        {
            var allowed = await review.IsAllowedAsync(client, user);
            if (allowed != review.Allowed)
                differences.Add($"{(allowed ? "allowed" : "denied")}: {review.Text}");
        }

        return [.. differences];
    }

    private async Task<bool> IsAllowedAsync(ClusterClient client, string user)
    {
        var words = Text.Split(' ');
        var path = words[1].Split('/');
        var resource = path[0].Split('.', 2);
        var isSubresource = path.Length > 1 && path[1] is "status" or "exec" or "token";
        using var answer = await client.Http.PostAsJsonAsync("/apis/authorization.k8s.io/v1/subjectaccessreviews", new
        {
            apiVersion = "authorization.k8s.io/v1",
            kind = "SubjectAccessReview",
            spec = new
            {
                user,
                resourceAttributes = new
                {
                    verb = words[0],
                    resource = resource[0],
                    group = resource.Length > 1 ? resource[1] : "",
                    subresource = isSubresource ? path[1] : "",
                    name = path.Length > 1 && !isSubresource ? path[1] : "",
                    @namespace = words.Length > 3 ? words[3] : "",
                },
            },
        });
        answer.EnsureSuccessStatusCode();
        return (await answer.Content.ReadFromJsonAsync<JsonObject>())!["status"]!["allowed"]!.GetValue<bool>();
    }
}
