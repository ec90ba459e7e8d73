using DotNet.Testcontainers.Containers;

namespace IngressController.ImageTests.Fixture;

internal static class ContainerLog
{
    extension(IContainer container)
    {
        /// <summary>What it has written to both outputs.</summary>
        public async Task<string> LogAsync()
        {
            var (stdout, stderr) = await container.GetLogsAsync(timestampsEnabled: false);
            return stdout + stderr;
        }

        /// <summary>Starts it; where it does not get ready, says what it wrote and leaves nothing behind.</summary>
        public async Task StartOrTellWhyAsync()
        {
            try
            {
                await container.StartAsync();
            }
            catch (TimeoutException)
            {
                var log = await container.LogAsync();
                await container.DisposeAsync();
                Assert.Fail($"{container.Image.FullName} is not ready in time:\n{log}");
            }
        }
    }
}
