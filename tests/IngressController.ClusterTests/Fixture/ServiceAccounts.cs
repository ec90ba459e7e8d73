namespace IngressController.ClusterTests.Fixture;

/// <summary>The users of the API server: token authentication reads its file at startup, so all are defined beforehand.</summary>
internal static class ServiceAccounts
{
    /// <summary>The token of a user with all permissions.</summary>
    public const string AdminToken = "admin-token";

    /// <summary>The service accounts in renderings of the chart.</summary>
    public static IReadOnlyList<string> OfCharts { get; } = ["yarp-ingress:yarp-ingress", "yarp-ingress:yarp-teams"];

    /// <summary>The lines of the token file. The accounts have no permissions: each test grants those that it needs.</summary>
    public static IEnumerable<string> TokenLines =>
    [
        $"{AdminToken},admin,admin,\"system:masters\"",
        .. OfTests.Concat(OfCharts).Select(name => $"{TokenOf(name)},{UserOf(name)},{name}"),
    ];

    private static IReadOnlyList<string> OfTests { get; } = ["controller", "restricted", "child", "child1", "child2", "child3"];

    /// <summary>Returns the token of a service account.</summary>
    /// <param name="serviceAccount">NAME in the namespace ingress, or NAMESPACE:NAME.</param>
    public static string TokenOf(string serviceAccount) => $"{serviceAccount.Replace(':', '.')}-token";

    /// <summary>Returns the user name of a service account in RBAC.</summary>
    public static string UserOf(string serviceAccount) => $"system:serviceaccount:{(serviceAccount.Contains(':') ? serviceAccount : $"ingress:{serviceAccount}")}";
}
